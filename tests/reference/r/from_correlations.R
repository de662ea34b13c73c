# What needs no answers, only a printed matrix; and means of a survey with strata and clusters.
source("_common.R")
suppressPackageStartupMessages({library(psych); library(survey)})
options(survey.lonely.psu = "adjust")

# Williams from psych; Meng, Rosenthal & Rubin (1992) and Zou (2007) written out from the papers.
compared <- function(a, b, ab, n, level = 0.95) {
  w <- r.test(n, a, b, ab)
  q <- qnorm((1 + level) / 2)
  m <- (a^2 + b^2) / 2
  f <- min(1, (1 - ab) / (2 * (1 - m))); h <- (1 - f * m) / (1 - m)
  z <- atanh(a) - atanh(b); se <- sqrt(2 * (1 - ab) * h / (n - 3))
  ci <- function(r) tanh(atanh(r) + c(-1, 1) * q / sqrt(n - 3))
  la <- ci(a); lb <- ci(b)
  k <- ((ab - a * b / 2) * (1 - a^2 - b^2 - ab^2) + ab^3) / ((1 - a^2) * (1 - b^2))
  low <- a - b - sqrt((a - la[1])^2 + (lb[2] - b)^2 - 2 * k * (a - la[1]) * (lb[2] - b))
  high <- a - b + sqrt((la[2] - a)^2 + (b - lb[1])^2 - 2 * k * (la[2] - a) * (b - lb[1]))
  list(asked = list(first = a, second = b, between = ab, n = n), values = list(
    estimates = data.frame(
      term = c("williams", "meng", "zou"), estimate = c(a - b, z, a - b), std_error = c(NA, se, NA),
      statistic = c(w$t, z / se, NA), df = c(n - 3, NA, NA),
      p_value = c(w$p, 2 * pnorm(-abs(z / se)), NA),
      conf_low = c(NA, z - q * se, low), conf_high = c(NA, z + q * se, high), n = n),
    first = a, second = b, between = ab, n = n, confidence_level = level))
}
cases <- list(compared(.4, .5, .1, 103), compared(.83, .16, .19, 30), compared(-.2, .5, .6, 315))
write_golden(list(
  result = "dependent_correlations",
  source = "three printed correlations and n",
  made_with = made_with("from_correlations.R", "psych", "jsonlite"),
  tolerance = list(rtol = 1e-10), why = "closed form; an infinite df is null here",
  cases = lapply(cases, `[[`, "asked"),
  values = list(estimates = lapply(cases, function(x) x$values$estimates),
                first = sapply(cases, function(x) x$values$first),
                second = sapply(cases, function(x) x$values$second),
                between = sapply(cases, function(x) x$values$between),
                n = sapply(cases, function(x) x$values$n),
                confidence_level = sapply(cases, function(x) x$values$confidence_level))
), "dependent_correlations.json")

# KMO and Bartlett of correlations computed pair by pair.
bfi <- read.csv(gzfile("../data/psychometrics_bfi.csv.gz"))[, 1:25]
R <- cor(bfi, use = "pairwise"); n <- min(crossprod(!is.na(as.matrix(bfi))))
k <- KMO(R); b <- cortest.bartlett(R, n)
write_golden(list(
  result = "factor_adequacy",
  source = "psych::bfi, 25 items (SAPA project), correlations pair by pair",
  data = "data/psychometrics_bfi.csv.gz",
  made_with = made_with("from_correlations.R", "psych", "jsonlite"),
  tolerance = list(rtol = 1e-10), why = "closed form",
  values = list(
    estimates = data.frame(term = colnames(R), estimate = unname(k$MSAi), n = n,
                           squared_multiple_correlation = unname(smc(R))),
    kmo = k$MSA, chi2 = b$chisq, df = b$df, p_value = b$p.value, determinant = det(R), n = n)
), "psychometrics_adequacy_pairwise.json")

# Means and totals: clusters with a finite population, strata, neither; everybody and by type.
c1 <- read.csv("../data/drivers_models_apiclus1.csv"); s <- read.csv("../data/drivers_models_apistrat.csv")
c1$api00[c(3, 40, 41)] <- NA
lonely <- rbind(s[s$stype != "H", ], s[which(s$stype == "H")[1], ])
designs <- list(
  clusters = svydesign(id = ~dnum, weights = ~pw, data = c1, fpc = ~fpc),
  clusters_infinite = svydesign(id = ~dnum, weights = ~pw, data = c1),
  strata = svydesign(id = ~1, strata = ~stype, weights = ~pw, data = s, fpc = ~fpc),
  lonely = svydesign(id = ~1, strata = ~stype, weights = ~pw, data = lonely),
  plain = svydesign(id = ~1, weights = ~1, data = s)
)
row <- function(d, column, group, f) {
  here <- if (group == "") d else subset(d, stype == group)
  here <- eval(bquote(subset(here, !is.na(.(as.name(column))))))
  m <- f(reformulate(column), here); df <- degf(here)
  ci <- if (df < 1) c(NA, NA) else as.vector(confint(m, df = df))
  data.frame(term = column, group = group, estimate = unname(coef(m)),
             std_error = if (df < 1) NA else as.vector(SE(m)), df = if (df < 1) NA else df,
             conf_low = ci[1], conf_high = ci[2], n = nrow(here$variables),
             population = sum(weights(here)))
}
asked <- function(d, f) do.call(rbind, lapply(c("", "E", "H", "M"), function(g)
  rbind(row(d, "api00", g, f), row(d, "enroll", g, f))))
write_golden(list(
  result = "survey_means",
  source = "R survey::apiclus1 (three answers taken out) and apistrat",
  data = "data/drivers_models_apiclus1.csv, data/drivers_models_apistrat.csv",
  made_with = made_with("from_correlations.R", "survey", "jsonlite"),
  tolerance = list(rtol = 1e-9), why = "closed form; sums of 6000 schools lose a digit",
  values = list(estimates = lapply(designs, function(d) list(mean = asked(d, svymean), total = asked(d, svytotal)))),
  not_covered = list(
    statistic = "an option", columns = "an option", by = "an option", weights = "an option",
    clusters = "an option", strata = "an option", population = "an option",
    confidence_level = "an option", units = "a count", layers = "a count", n = "a count",
    notes = "codes of this package")
), "survey_means.json")
