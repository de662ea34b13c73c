# Regressions on the survey package's own samples.
source("_common.R")
suppressPackageStartupMessages(library(survey))
s <- read.csv("../data/drivers_models_apistrat.csv"); c1 <- read.csv("../data/drivers_models_apiclus1.csv")
designs <- list(
  reg_strat = svydesign(id = ~1, strata = ~stype, weights = ~pw, data = s, fpc = ~fpc),
  reg_clus = svydesign(id = ~dnum, weights = ~pw, data = c1, fpc = ~fpc),
  reg_wo = svydesign(id = ~1, weights = ~pw, data = s)
)
rows <- function(m) {
  k <- as.data.frame(summary(m)$coefficients); names(k) <- c("estimate", "std_error", "statistic", "p_value")
  out <- data.frame(term = sub("(Intercept)", "(intercept)", rownames(k), fixed = TRUE), k); rownames(out) <- NULL; out
}
out <- lapply(designs, function(d) {
  m <- svyglm(api00 ~ ell + meals + mobility, design = d)
  list(estimates = rows(m), df = m$df.residual, confint = unname(confint(m)))
})
out$logit <- list(estimates = rows(
  svyglm(I(sch.wide == "Yes") ~ ell + meals, design = designs$reg_strat, family = quasibinomial())))
write_golden(c(list(
  source = "R survey::apistrat and apiclus1",
  data = "data/drivers_models_apistrat.csv, data/drivers_models_apiclus1.csv",
  made_with = made_with("drivers_models_api.R", "survey", "jsonlite"),
  tolerance = list(rtol = 1e-9, why = "closed form; p values of 1e-150 lose digits", rtol_logit = 2e-6,
                   why_logit = "svyglm stops at a deviance change of 1e-8 (drivers_models_survey.json has a tight one)")
), out), "drivers_models_api.json")
