# Golden of the gap × importance map: LMG shares by averaging over all orders of lm().
source("_common.R")
source("servqual_scores.R")
a <- read_answers("servqual.csv")
points <- fix_points(a$points)$points
s <- term_scores(a$P, a$E, points, 0.5)
D <- names(dims)
lmg <- function(w) {
  data <- data.frame(y = a$d$OSAT, s$P[, D])
  r2 <- function(set) if (length(set) == 0) 0 else summary(lm(reformulate(D[set], "y"), data, weights = w))$r.squared
  value <- numeric(5)
  for (j in 1:5) for (code in 0:31) {
    set <- which(bitwAnd(code, 2^(0:4)) > 0)
    if (j %in% set) next
    k <- length(set)
    value[j] <- value[j] + factorial(k) * factorial(4 - k) / factorial(5) * (r2(sort(c(set, j))) - r2(set))
  }
  value
}
case <- function(weighted) {
  w <- if (weighted) a$d$weight else rep(1, nrow(a$d))
  v <- lmg(w)
  stated <- sapply(D, function(d) weighted.mean(points[, paste0("W_", d)], w, na.rm = TRUE) / 100)
  list(weighted = weighted, r2 = sum(v), rows = lapply(1:5, function(j) list(term = D[j], derived = v[j] / sum(v), stated = unname(stated[j] / sum(stated)),
    gap = weighted.mean((s$P - s$E)[, D[j]], w, na.rm = TRUE))))
}
fields <- c("positions", "crosshair", "cuts", "outcome", "outcome_label", "scores", "r2", "battery", "n", "scale_low", "scale_high", "decision",
            "replicates", "seed", "confidence_level", "min_answered", "weighted", "strata", "clusters", "notes")
reason <- "resampled, or an option or count: tests/servqual/test_gap_map.py checks it"
write_golden(list(result = "gap_map", source = "synthetic, 400 respondents, 22 items, five dimensions, points and an outcome",
  made_with = made_with("servqual_map.R", "jsonlite"), tolerance = list(rtol = 1e-9, why = "closed form: same arithmetic in another order"),
  values = list(estimates = list(case(FALSE), case(TRUE))),
  not_covered = setNames(as.list(rep(reason, length(fields))), fields)), "servqual_map.json")
