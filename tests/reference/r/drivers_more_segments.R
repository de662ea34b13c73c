# Importance by segment: shares of R² by brute force over lm(), F tests of slopes, partial pooling.
source("_common.R")
stays <- read.csv("../data/drivers_models_stays.csv")
drivers <- c("room", "staff", "price")
d <- stays[complete.cases(stays[, c("overall", drivers)]), ]
d$trip <- factor(d$trip)

r2 <- function(set, data) {
  if (length(set) == 0) return(0)
  summary(lm(reformulate(set, "overall"), data))$r.squared
}
orders <- list(c(1, 2, 3), c(1, 3, 2), c(2, 1, 3), c(2, 3, 1), c(3, 1, 2), c(3, 2, 1))
shapley <- function(data) {
  total <- c(0, 0, 0)
  for (order in orders) for (k in 1:3) {
    total[order[k]] <- total[order[k]] +
      r2(drivers[order[seq_len(k)]], data) - r2(drivers[order[seq_len(k - 1)]], data)
  }
  total / 6
}
estimates <- do.call(rbind, lapply(levels(d$trip), function(g) {
  part <- d[d$trip == g, ]
  share <- shapley(part)
  data.frame(term = drivers, group = g, estimate = share, percent = 100 * share / sum(share),
             explained = share * var(part$overall), n = nrow(part),
             coefficient = unname(coef(lm(overall ~ room + staff + price, part))[-1]))
}))
segments <- do.call(rbind, lapply(levels(d$trip), function(g) {
  part <- d[d$trip == g, ]
  fit <- summary(lm(overall ~ room + staff + price, part))
  data.frame(group = g, n = nrow(part), r2 = fit$r.squared, r2_adjusted = fit$adj.r.squared,
             outcome_mean = mean(part$overall), outcome_variance = var(part$overall))
}))
full <- lm(overall ~ trip * (room + staff + price), d)
one_slope <- function(out) {
  left <- setdiff(drivers, out)
  anova(lm(reformulate(c("trip", drivers, if (length(left)) paste0("trip:", left)), "overall"), d), full)
}
tests <- do.call(rbind, lapply(c(as.list(drivers), list(drivers)), function(out) {
  a <- one_slope(out)
  data.frame(term = if (length(out) > 1) "all_drivers" else out, group = "coefficient",
             statistic = a$F[2], df = a$Df[2], df_denominator = a$Res.Df[2], p_value = a$`Pr(>F)`[2])
}))
tests$p_adjusted <- c(p.adjust(tests$p_value[1:3], "holm"), NA)
tests$n <- nrow(d)

# HC3 by hand (sandwich::vcovHC, type = "HC3")
x <- model.matrix(full); b <- solve(crossprod(x)); e <- residuals(full); h <- hatvalues(full)
hc3 <- b %*% crossprod(x * (e / (1 - h))) %*% b
wald <- sapply(drivers, function(j) {
  at <- grep(paste0(":", j, "$"), colnames(x))
  c(coef(full)[at] %*% solve(hc3[at, at], coef(full)[at]) / length(at))
})

# Partial pooling by uniroot() and the textbook formulas
yi <- c(-0.30, 0.10, 0.42, 0.55, -0.05, 0.91); vi <- c(0.05, 0.02, 0.04, 0.10, 0.03, 0.06)
q_of <- function(t2) { w <- 1 / (vi + t2); m <- sum(w * yi) / sum(w); sum(w * (yi - m)^2) }
pm <- uniroot(function(t2) q_of(t2) - (length(yi) - 1), c(0, 10), tol = 1e-14)$root
w <- 1 / vi
dl <- max(0, (q_of(0) - (length(yi) - 1)) / (sum(w) - sum(w^2) / sum(w)))
blup <- function(t2) {
  w <- 1 / (vi + t2); m <- sum(w * yi) / sum(w); l <- vi / (vi + t2)
  list(tau2 = t2, mean = m, mean_std_error = sqrt(1 / sum(w)), pooled = l * m + (1 - l) * yi,
       std_error = sqrt(l^2 / sum(w) + (1 - l) * vi))
}
excused <- c("differences", "variation", "controls", "groups", "min_cell", "pooling", "n_boot",
             "n_permutations", "exact", "confidence_level", "weights", "clusters", "seed", "notes",
             "n_suppressed")
reasons <- as.list(setNames(rep("an option, or told by the options", length(excused)), excused))
reasons$differences <- "resampled; each equals the difference of two rows of estimates, and coverage is simulated"
reasons$variation <- "pooled from bootstrap variances; the pooling itself is in partial_pooling below"
made <- made_with("drivers_more_segments.R")
write_golden(list(
  result = "segment_importance",
  source = "lm() over all subsets in each segment; anova() of nested models",
  data = "data/drivers_models_stays.csv",
  versions = made$r_version, date = made$date, script = made$script,
  tolerance = list(rtol = 1e-9), why = "closed forms by another decomposition (QR); the root of Paule and Mandel to 1e-12",
  options = list(outcome = "overall", drivers = drivers, segment = "trip", std_errors = "classical"),
  values = list(estimates = estimates, segments = segments, tests = tests, n = nrow(d),
                n_asked = nrow(stays), n_segments = 3, outcome = "overall", segment = "trip",
                drivers = drivers, std_errors = "classical", p_adjust = "holm"),
  hc3_statistic = as.list(wald),
  partial_pooling = list(yi = yi, vi = vi, q = q_of(0), paule_mandel = blup(pm), dersimonian_laird = blup(dl)),
  not_covered = reasons
), "drivers_more_segments.json")
