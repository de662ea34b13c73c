# Goldens of the gap analysis with strata and clusters (survey), of max-T, ranks and pooling.
source("_common.R")
source("servqual_scores.R")
suppressPackageStartupMessages({library(survey); library(metafor); library(lme4)})
options(survey.lonely.psu = "adjust")

a <- read_answers("servqual_faults.csv")
points <- fix_points(a$points)$points
s <- term_scores(a$P, a$E, points, 0.5)
gap <- s$P - s$E
terms <- colnames(gap)
# 38 clusters; the last is alone in its stratum.
cluster <- ifelse(a$d$id <= 8, 37, (a$d$id * 7) %% 37)
stratum <- ifelse(cluster == 37, 5, cluster %% 5)

cell <- function(full, term) {
  d <- subset(full, !is.na(full$variables[[term]]))
  d <- update(d, g = d$variables[[term]])
  d <- update(d, g2 = g^2)
  m <- svymean(~g, d); df <- degf(d); n <- nrow(d)
  k <- n / (n - 1)
  z <- eval(bquote(svycontrast(svymean(~g + g2, d), quote(g / sqrt(.(k) * (g2 - g^2))))))
  half <- qt(.975, df) * as.numeric(SE(z))
  t <- as.numeric(coef(m) / SE(m))
  ci <- confint(m, df = df)
  list(term = term, estimate = as.numeric(coef(m)), std_error = as.numeric(SE(m)), statistic = t, df = df,
       p_value = 2 * pt(-abs(t), df), conf_low = ci[1], conf_high = ci[2], n = n,
       d_z = as.numeric(z), d_z_low = as.numeric(z) - half, d_z_high = as.numeric(z) + half)
}

differ <- function(full, term, shown) {
  d <- subset(full, !is.na(full$variables[[term]]) & segment %in% shown)
  d <- update(d, g = d$variables[[term]], x = factor(segment, shown))
  m <- svyglm(g ~ x, d); r <- regTermTest(m, ~x)
  out <- list(term = term, statistic = as.numeric(r$Ftest), df = r$df, df_denominator = r$ddf, p_value = as.numeric(r$p),
              estimate = NA, std_error = NA, conf_low = NA, conf_high = NA)
  if (length(shown) == 2) {
    half <- qt(.975, r$ddf) * as.numeric(SE(m)[2])
    out$estimate <- -as.numeric(coef(m)[2]); out$std_error <- as.numeric(SE(m)[2])
    out$conf_low <- out$estimate - half; out$conf_high <- out$estimate + half
  }
  out
}

case <- function(weighted, strata, clusters) {
  w <- if (weighted) a$d$weight else rep(1, nrow(a$d))
  keep <- !is.na(w) & w > 0
  data <- data.frame(gap, segment = a$d$segment, cluster, stratum, w)[keep, ]
  full <- svydesign(ids = if (clusters) ~cluster else ~1, strata = if (strata) ~stratum else NULL, weights = ~w, data = data)
  groups <- c("corporate", "online", "retail")
  above <- terms[23:29]
  list(weighted = weighted, strata = strata, clusters = clusters,
       all = lapply(terms, function(t) cell(full, t)),
       groups = unlist(lapply(groups, function(g) lapply(above, function(t)
         c(list(group = g), cell(subset(full, segment %in% g), t)))), recursive = FALSE),
       differences = lapply(above[1:6], function(t) differ(full, t, groups)),
       two = lapply(above[1:6], function(t) differ(full, t, c("online", "retail"))))
}
cases <- list(case(TRUE, TRUE, TRUE), case(FALSE, FALSE, TRUE), case(TRUE, TRUE, FALSE), case(FALSE, TRUE, TRUE))

# ---- max-T by all sign flips: 10 respondents, the five items of reliability ------------------
q <- read_answers("servqual.csv")
few <- q$P[1:10, 5:9] - q$E[1:10, 5:9]
few[, 3] <- few[, 3] + 1 # less clear columns, so that steps matter
few[, 5] <- few[, 5] + 1
few[2, 4] <- NA
tt <- function(x) { x <- x[!is.na(x)]; abs(mean(x)) / (sd(x) / sqrt(length(x))) }
signs <- as.matrix(expand.grid(rep(list(c(1, -1)), 10)))
observed <- apply(few, 2, tt)
order_t <- order(-observed)
flipped <- apply(signs, 1, function(sgn) { v <- apply(few * sgn, 2, tt); v[is.nan(v)] <- 0; v[order_t] })
successive <- apply(flipped, 2, function(v) rev(cummax(rev(v))))
raw <- rowMeans(successive >= observed[order_t] * (1 - 1e-12))
max_t <- numeric(5); max_t[order_t] <- cummax(raw)

# ---- ranks -----------------------------------------------------------------------------------
ranks <- function(x) {
  x <- round(x[!is.na(x)], 10) # differences of means that are equal but for rounding are tied
  w <- suppressWarnings(wilcox.test(x, conf.int = TRUE))
  z <- x[x != 0]; r <- rank(abs(z))
  list(n = length(x), zeros = sum(x == 0), statistic = unname(w$statistic), p_value = w$p.value,
       pseudo_median = unname(w$estimate), conf_low = w$conf.int[1], conf_high = w$conf.int[2],
       rank_biserial = (sum(r[z > 0]) - sum(r[z < 0])) / sum(r))
}
rank_rows <- lapply(terms[1:28], function(t) c(list(term = t), ranks(gap[, t])))
sleep_difference <- c(-1.2, -2.4, -1.3, -1.3, 0.001, -1.0, -1.8, -0.8, -4.6, -1.4)
exact_values <- c(1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30) - c(0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29)

# ---- partial pooling of many branches ----------------------------------------------------------
branch <- sprintf("B%02d", (a$d$id * 11) %% 14)
shift <- 0.5 * sin(2 * ((a$d$id * 11) %% 14)) # added to every perception: branches differ
pool <- function(term) {
  g <- gap[, term] + shift; ok <- !is.na(g); y <- g[ok]; b <- factor(branch[ok])
  m <- tapply(y, b, mean); n <- tapply(y, b, length); v <- tapply(y, b, var)
  s2 <- sum((n - 1) * v) / (sum(n) - nlevels(b))
  one <- function(vi) {
    f <- rma(yi = as.numeric(m), vi = vi, method = "REML", control = list(stepadj = 0.5, threshold = 1e-12, maxiter = 1000))
    bl <- blup(f)
    list(mu = as.numeric(f$beta), se = f$se, tau2 = f$tau2, q = f$QE, i2 = f$I2, pred = as.numeric(bl$pred), blup_se = as.numeric(bl$se))
  }
  fit <- lmer(y ~ 1 + (1 | b), REML = TRUE, control = lmerControl(optCtrl = list(xtol_abs = 1e-10, ftol_abs = 1e-12)))
  list(term = term, groups = levels(b), mean = as.numeric(m), n = as.numeric(n), pooled = one(s2 / as.numeric(n)),
       own = one(as.numeric(v) / as.numeric(n)),
       lme4 = list(mu = as.numeric(fixef(fit)), tau = as.data.frame(VarCorr(fit))$sdcor[1], pred = as.numeric(coef(fit)$b[, 1])))
}
pools <- lapply(terms[c(23:28)], pool)

golden <- function(result, values, why, rtol, not_covered = list()) list(result = result,
  source = "servqual_faults.csv; clusters, strata and branches are made from the id in this script",
  made_with = made_with("servqual_design.R", "survey", "metafor", "lme4", "jsonlite"),
  tolerance = list(rtol = rtol, why = why), values = values, not_covered = setNames(not_covered, names(not_covered)))
options_kept <- "an option or count; tests/servqual/test_survey_design.py checks it"
write_golden(golden("servqual_gaps", list(cases = cases, cluster = cluster, stratum = stratum), "closed forms: same arithmetic", 1e-9,
  list(strata = options_kept, clusters = options_kept, sampling_units = options_kept, flips = options_kept, seed = options_kept)),
  "servqual_design.json")
write_golden(golden("", list(data = few, p = max_t, statistic = observed), "all 1024 flips in both", 1e-10), "servqual_max_t.json")
rank_fields <- c("n", "battery", "scale_low", "scale_high", "confidence_level", "p_adjust", "min_answered")
write_golden(golden("gap_ranks", list(estimates = "see rows", rows = rank_rows, depression = c(list(values = exact_values), ranks(exact_values))),
  "statistic and p closed forms; pseudo-median and interval are roots R finds to 1e-4", 1e-9,
  setNames(as.list(rep("an option or count", length(rank_fields))), rank_fields)), "servqual_ranks.json")
imputed_fields <- c("estimates", "n", "missing_share", "not_used", "incomplete", "battery", "scale_low", "scale_high", "imputations", "iterations",
  "donors", "seed", "confidence_level", "p_adjust", "min_answered", "weighted", "strata", "clusters", "notes")
write_golden(golden("imputed_gaps", list(rule = "see drivers_models_pooling.json"), "filled-in answers are random", 1e-9,
  setNames(as.list(rep(paste("filled-in answers are random, or an option or count; Rubin's rules are compared with mice in",
  "drivers_models_pooling.json, coverage in tests/servqual/test_imputed_gaps.py"), length(imputed_fields))), imputed_fields)), "servqual_imputed.json")
pooling_fields <- c("spread", "ranks", "segment", "battery", "n", "groups", "scale_low", "scale_high", "confidence_level", "variances",
  "min_answered", "min_cell", "weighted", "strata", "clusters", "draws", "seed", "notes")
in_pools <- "an option or count, or (spread) compared term by term with `pools`; ranks are drawn: tests/servqual/test_pooled_gaps.py"
write_golden(golden("pooled_gaps", list(estimates = "see pools", pools = pools, branch = branch, shift = shift),
  "REML stops when the step is below 1e-12; lme4 1e-4", 1e-6, setNames(as.list(rep(in_pools, length(pooling_fields))), pooling_fields)),
  "servqual_pooling.json")
