# Rubin's rules on 20 imputations of mice::nhanes. Needs mice.
source("_common.R")
suppressPackageStartupMessages(library(mice))
imp <- mice(nhanes, m = 20, seed = 500, print = FALSE)
write.csv(do.call(rbind, lapply(1:20, function(i) cbind(complete(imp, i), imputation = i))),
          "../data/drivers_models_nhanes_imputed.csv", row.names = FALSE)
f <- with(imp, lm(chl ~ age + bmi)); p <- pool(f)
r2 <- as.data.frame(pool.r.squared(f)); rownames(r2) <- NULL
write_golden(list(
  result = "pooled_estimates", source = "mice::nhanes, 20 imputations (seed 500)",
  data = "data/drivers_models_nhanes_imputed.csv",
  made_with = made_with("drivers_models_pooling.R", "mice", "jsonlite"),
  tolerance = list(rtol = 1e-10, why = "closed form: same arithmetic", atol_r2_interval = 2e-5,
                   why_r2_interval = "mice multiplies by the rounded 1.96"),
  options = list(outcome = "chl", drivers = c("age", "bmi")),
  values = list(estimates = list(pooled = as.data.frame(p$pooled), summary = as.data.frame(summary(p, conf.int = TRUE))),
                imputations = 20, n = 25, confidence_level = 0.95),
  r2 = as.list(r2)
), "drivers_models_pooling.json")
