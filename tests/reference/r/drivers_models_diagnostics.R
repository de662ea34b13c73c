# Robust errors and diagnostics of the attitude model. Needs car, lmtest and sandwich.
source("_common.R")
suppressPackageStartupMessages({library(car); library(lmtest); library(sandwich)})
d <- read.csv("../data/drivers_models_attitude.csv")
m <- lm(rating ~ ., d); X <- as.matrix(d[, -1])
hc <- sapply(c("HC0", "HC1", "HC2", "HC3", "HC4"), function(k) as.list(sqrt(diag(vcovHC(m, type = k)))), simplify = FALSE)
Xs <- cbind(1, X); Xs <- sweep(Xs, 2, sqrt(colSums(Xs^2)), "/"); sv <- svd(Xs)
phi <- t((sv$v %*% diag(1 / sv$d))^2)
write_golden(list(
  result = "driver_diagnostics", source = "R datasets::attitude; car, lmtest and sandwich",
  data = "data/drivers_models_attitude.csv",
  made_with = made_with("drivers_models_diagnostics.R", "car", "lmtest", "sandwich", "jsonlite"),
  tolerance = list(rtol = 1e-10, why = "closed forms: same arithmetic"),
  options = list(outcome = "rating"), hc_se = hc,
  values = list(
    checks = list(vif = as.list(vif(m)), breusch_pagan = unname(bptest(m)$statistic),
      breusch_pagan_p = unname(bptest(m)$p.value), durbin_watson = unname(dwtest(m)$statistic),
      reset = unname(resettest(m)$statistic), reset_p = unname(resettest(m)$p.value)),
    conditions = list(condition_index = sv$d[1] / sv$d, variance_proportions = unname(sweep(phi, 2, colSums(phi), "/"))),
    cases = list(leverage = unname(hatvalues(m)), cooks_distance = unname(cooks.distance(m)), studentized = unname(rstudent(m))),
    r2 = summary(m)$r.squared, outcome = "rating", drivers = colnames(X), controls = list(), n = nrow(d), n_flagged = 0,
    weights = "", marker = "", confidence_level = 0.95),
  not_covered = list(
    sensitivity = "published numbers of Cinelli & Hazlett (2020), in the tests",
    flagged = "two fits of statsmodels, in the tests",
    verdict = "a rule of this package on the numbers above")
), "drivers_models_diagnostics.json")
