# Goldens of cxresearch.psychometrics.level_invariance: lavaan, one covariance matrix for all groups.
source("_psychometrics.R")
suppressPackageStartupMessages(library(lavaan))

d <- read.csv(file.path("..", "data", "psychometrics_holzinger_school.csv"))
d <- d[order(d$school), ]; text <- lavaan_text(holzinger_model); items <- paste0("x", 1:9)
alike <- c("loadings", "residuals", "lv.variances", "lv.covariances")
# What varies within groups: the fit of "common" is that of one group at its means.
within <- d
for (s in unique(d$school)) within[d$school == s, items] <- scale(d[d$school == s, items], scale = FALSE)
plain <- fitMeasures(cfa(text, within, std.lv = TRUE))

levels_golden <- function(estimator, freed = character()) {
  fit <- function(equal, partial = "") cfa(text, d, group = "school", std.lv = TRUE, estimator = estimator,
                                           group.equal = equal, group.partial = partial)
  fits <- list(common = fit(alike), scalar = fit(c(alike, "intercepts")))
  if (length(freed)) fits$partial_scalar <- fit(c(alike, "intercepts"), paste0(freed, "~1"))
  ladder <- do.call(rbind, lapply(names(fits), function(name) {
    lrt <- if (name == "common") c(NA, NA, NA) else
      unlist(lavTestLRT(fits$common, fits[[name]])[2, c("Chisq diff", "Df diff", "Pr(>Chisq)")])
    data.frame(term = name, group = if (name == "common") "" else "common", statistic = lrt[[1]], df = lrt[[2]],
      p_value = lrt[[3]], n = nrow(d), aic = AIC(fits[[name]]), bic = BIC(fits[[name]]))
  }))
  if (estimator == "ML") {
    ladder$chi2 <- plain[["chisq"]] + ifelse(is.na(ladder$statistic), 0, ladder$statistic)
    ladder$chi2_df <- plain[["df"]] + ifelse(is.na(ladder$df), 0, ladder$df)
    misfit <- pmax(ladder$chi2 - ladder$chi2_df, 0)
    worst <- plain[["baseline.chisq"]] - plain[["baseline.df"]]
    ladder$cfi <- 1 - misfit / worst
    ladder$tli <- 1 - (ladder$chi2 - ladder$chi2_df) / ladder$chi2_df / (worst / plain[["baseline.df"]])
    ladder$rmsea <- sqrt(misfit / (ladder$chi2_df * nrow(d)))
    stopifnot(all.equal(ladder$cfi[1], plain[["cfi"]]), all.equal(ladder$rmsea[1], plain[["rmsea"]]))
  }
  f <- cfa(text, d, group = "school", std.lv = TRUE, group.equal = c(alike, "intercepts"), information = "expected")
  pt <- parTable(f); equal <- pt[pt$op == "==", ]; place <- match(equal$lhs, pt$plabel)
  releases <- do.call(rbind, lapply(which(pt$op[place] == "~1"), function(k) {
    test <- lavTestScore(f, release = k)$test
    data.frame(term = pt$lhs[place][k], parameter = "intercept", statistic = test$X2, df = test$df,
               p_value = pchisq(test$X2, test$df, lower.tail = FALSE), n = nrow(d))
  }))
  options <- list(model = holzinger_model, group = "school", estimator = tolower(estimator), search = FALSE)
  if (length(freed)) options$partial <- I(freed)
  write_golden(golden_of("invariance", "lavaan::HolzingerSwineford1939, two schools", "data/psychometrics_holzinger_school.csv",
    "psychometrics_levels.R", c("lavaan", "jsonlite"), list(ladder = 2e-4, releases = 1e-3),
    "differences of fits of another optimiser", options,
    list(ladder = ladder, releases = releases, names = I(sort(unique(d$school))), n = nrow(d), n_asked = nrow(d),
      freed = I(if (length(freed)) paste0("intercept:", freed) else character()), estimator = tolower(estimator),
      missing = "listwise", group = "school")), paste0("psychometrics_levels_holzinger_", tolower(estimator), ".json"))
}
levels_golden("ML", c("x3", "x7"))
levels_golden("MLR")
