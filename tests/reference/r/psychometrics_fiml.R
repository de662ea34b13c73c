# Goldens of confirmatory_factors(missing = "fiml"): lavaan, factors with variance 1.
source("_psychometrics.R")
suppressPackageStartupMessages(library(lavaan))

hs <- HolzingerSwineford1939[, c("school", paste0("x", 1:9))]
write.csv(hs, file.path("..", "data", "psychometrics_holzinger_school.csv"), row.names = FALSE)
set.seed(3)
for (item in c("x2", "x5", "x8")) hs[sample(nrow(hs), 40), item] <- NA
write.csv(hs, file.path("..", "data", "psychometrics_holzinger_missing.csv"), row.names = FALSE, na = "")
items <- paste0("x", 1:9)

fiml_golden <- function(file, estimator, second = NULL) {
  model <- holzinger_model
  f <- cfa(lavaan_text(c(model, second)), hs, std.lv = TRUE, missing = "fiml", estimator = estimator)
  m <- fitMeasures(f)
  robust <- estimator == "MLR"
  pick <- function(name, plain) unname(if (robust) m[[name]] else plain)
  pe <- parameterEstimates(f); st <- standardizedSolution(f)
  keep <- pe$se > 0
  pe <- pe[keep, ]; st <- st[keep, ]
  stopifnot(all(pe$lhs == st$lhs & pe$rhs == st$rhs & pe$op == st$op))
  kind <- function(op, lhs, rhs) ifelse(op == "=~", ifelse(rhs %in% items, "loading", "second_order_loading"),
    ifelse(op == "~1", "intercept",
      ifelse(lhs %in% items, ifelse(lhs == rhs, "residual_variance", "residual_covariance"), "factor_covariance")))
  estimates <- data.frame(term = ifelse(pe$op == "=~", pe$rhs, pe$lhs), group = ifelse(pe$op == "=~", pe$lhs, pe$rhs),
    parameter = kind(pe$op, pe$lhs, pe$rhs), estimate = pe$est,
    std_error = pe$se, statistic = pe$z, p_value = pe$pvalue, conf_low = pe$ci.lower, conf_high = pe$ci.upper,
    n = nobs(f), standardized = st$est.std, standardized_error = st$se, standardized_low = st$ci.lower,
    standardized_high = st$ci.upper)
  mi <- modificationIndices(f)
  mi <- mi[!(mi$lhs %in% names(second)), ]
  modification <- data.frame(term = ifelse(mi$op == "=~", mi$rhs, mi$lhs), group = ifelse(mi$op == "=~", mi$lhs, mi$rhs),
    parameter = kind(mi$op, mi$lhs, mi$rhs), estimate = mi$epc, statistic = mi$mi, df = 1,
    p_value = pchisq(mi$mi, 1, lower.tail = FALSE), n = nobs(f), standardized = mi$sepc.all)
  est <- lavInspect(f, "est"); first <- names(model)
  phi <- lavInspect(f, "cov.lv")[first, first]
  values <- list(
    estimates = estimates, modification = modification, items = I(items), factors = I(first),
    loadings = rows(est$lambda[items, first]), factor_covariances = rows(phi),
    observed_covariance = rows(lavInspect(f, "h1")$cov[items, items]),
    implied_covariance = rows(lavInspect(f, "implied")$cov[items, items]),
    parameter_covariance = rows(vcov(f)),
    chi2 = m[["chisq"]], df = m[["df"]], p_value = m[["pvalue"]], cfi = m[["cfi"]], tli = m[["tli"]],
    rmsea = m[["rmsea"]], rmsea_low = m[["rmsea.ci.lower"]], rmsea_high = m[["rmsea.ci.upper"]],
    rmsea_p_close = m[["rmsea.pvalue"]], srmr = m[["srmr_bentler"]], baseline_chi2 = m[["baseline.chisq"]],
    baseline_df = m[["baseline.df"]], scaling = pick("chisq.scaling.factor", 1),
    baseline_scaling = pick("baseline.chisq.scaling.factor", 1), chi2_scaled = pick("chisq.scaled", m[["chisq"]]),
    p_value_scaled = pick("pvalue.scaled", m[["pvalue"]]))
  for (i in c("cfi", "tli", "rmsea")) {
    values[[paste0(i, "_scaled")]] <- pick(paste0(i, ".scaled"), m[[i]])
    values[[paste0(i, "_robust")]] <- m[[paste0(i, ".robust")]]
  }
  for (side in c("low", "high")) {
    lavaan_name <- paste0("rmsea.ci.", c(low = "lower", high = "upper")[[side]])
    values[[paste0("rmsea_", side, "_scaled")]] <- pick(paste0(lavaan_name, ".scaled"), m[[lavaan_name]])
    values[[paste0("rmsea_", side, "_robust")]] <- m[[paste0(lavaan_name, ".robust")]]
  }
  values <- c(values, list(log_likelihood = m[["logl"]], aic = m[["aic"]], bic = m[["bic"]],
    n_parameters = m[["npar"]], n = nobs(f), n_asked = nrow(hs), estimator = tolower(estimator),
    missing = "fiml", notes = I(character())))
  options <- list(model = model, estimator = tolower(estimator), missing = "fiml")
  if (!is.null(second)) options$second_order <- second
  write_golden(golden_of("cfa", "lavaan::HolzingerSwineford1939, 40 answers each to x2, x5, x8 removed at random",
    "data/psychometrics_holzinger_missing.csv", "psychometrics_fiml.R", c("lavaan", "jsonlite"),
    list(fit = 1e-5, estimates = 1e-4, std_error = 1e-3),
    "another optimiser, and EM that stops earlier; errors are second derivatives", options, values,
    list(steps = "lavaan's optimiser counts other steps")), file)
}

fiml_golden("psychometrics_cfa_holzinger_fiml.json", "ML")
fiml_golden("psychometrics_cfa_holzinger_fiml_mlr.json", "MLR")
fiml_golden("psychometrics_cfa_holzinger_fiml_second_order.json", "MLR", second = list(g = names(holzinger_model)))
