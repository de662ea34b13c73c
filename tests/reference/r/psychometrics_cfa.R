# Goldens of cxresearch.psychometrics.confirmatory_factors: lavaan, factors with variance 1.
source("_psychometrics.R")
suppressPackageStartupMessages(library(lavaan))

hs <- HolzingerSwineford1939[, paste0("x", 1:9)]
write.csv(hs, file.path("..", "data", "psychometrics_holzinger.csv"), row.names = FALSE)
sq <- read.csv(file.path("..", "data", "servqual.csv"))


cfa_golden <- function(file, data, frame, model, second = NULL, residuals = list(), estimator = "ML",
                       level = 0.95) {
  text <- lavaan_text(c(model, second))
  for (pair in residuals) text <- paste0(text, "\n", pair[1], "~~", pair[2])
  f <- cfa(text, frame, std.lv = TRUE, estimator = estimator)
  m <- fitMeasures(f)
  robust <- estimator == "MLR"
  pick <- function(name, plain) unname(if (robust) m[[name]] else plain)
  pe <- parameterEstimates(f, level = level)
  st <- standardizedSolution(f, level = level)
  keep <- pe$se > 0
  pe <- pe[keep, ]; st <- st[seq_along(keep), ][keep, ]
  stopifnot(all(pe$lhs == st$lhs & pe$rhs == st$rhs))
  items <- unlist(model, use.names = FALSE)
  kind <- function(op, lhs, rhs) ifelse(op == "=~", ifelse(rhs %in% items, "loading", "second_order_loading"),
    ifelse(lhs %in% items, ifelse(lhs == rhs, "residual_variance", "residual_covariance"), "factor_covariance"))
  term <- ifelse(pe$op == "=~", pe$rhs, pe$lhs); group <- ifelse(pe$op == "=~", pe$lhs, pe$rhs)
  estimates <- data.frame(term = term, group = group, parameter = kind(pe$op, pe$lhs, pe$rhs), estimate = pe$est,
    std_error = pe$se, statistic = pe$z, p_value = pe$pvalue, conf_low = pe$ci.lower, conf_high = pe$ci.upper,
    n = nobs(f), standardized = st$est.std, standardized_error = st$se, standardized_low = st$ci.lower,
    standardized_high = st$ci.upper)
  # Modification indices of MLR are lavaan's own with observed information; ours are expected.
  mi <- modificationIndices(if (robust) cfa(text, frame, std.lv = TRUE) else f)
  mi <- mi[!(mi$lhs %in% names(second)), ]
  modification <- data.frame(term = ifelse(mi$op == "=~", mi$rhs, mi$lhs), group = ifelse(mi$op == "=~", mi$lhs, mi$rhs),
    parameter = kind(mi$op, mi$lhs, mi$rhs), estimate = mi$epc, statistic = mi$mi, df = 1,
    p_value = pchisq(mi$mi, 1, lower.tail = FALSE), n = nobs(f), standardized = mi$sepc.all)
  est <- lavInspect(f, "est"); std <- lavInspect(f, "std"); first <- names(model)
  phi <- lavInspect(f, "cov.lv")[first, first, drop = FALSE]
  above <- if (is.null(second)) matrix(0, length(first), 0) else std$beta[first, names(second), drop = FALSE]
  values <- list(
    estimates = estimates, modification = modification, items = I(items), factors = I(first),
    second_order_factors = I(as.character(names(second))), loadings = rows(est$lambda[items, first, drop = FALSE]),
    standardized_loadings = rows(std$lambda[items, first, drop = FALSE]), factor_covariances = rows(phi),
    factor_correlations = rows(cov2cor(phi)), second_order_loadings = rows(above),
    residual_covariances = rows(est$theta[items, items]),
    observed_covariance = rows(lavInspect(f, "sampstat")$cov[items, items]),
    implied_covariance = rows(lavInspect(f, "implied")$cov[items, items]),
    parameter_covariance = rows(vcov(f)),
    chi2 = m[["chisq"]], df = m[["df"]], p_value = m[["pvalue"]], cfi = m[["cfi"]], tli = m[["tli"]],
    rmsea = m[["rmsea"]], rmsea_low = m[["rmsea.ci.lower"]], rmsea_high = m[["rmsea.ci.upper"]],
    rmsea_p_close = m[["rmsea.pvalue"]], srmr = m[["srmr_bentler"]], baseline_chi2 = m[["baseline.chisq"]],
    baseline_df = m[["baseline.df"]], scaling = pick("chisq.scaling.factor", 1),
    baseline_scaling = pick("baseline.chisq.scaling.factor", 1), chi2_scaled = pick("chisq.scaled", m[["chisq"]]),
    p_value_scaled = pick("pvalue.scaled", m[["pvalue"]]))
  for (i in c("cfi", "tli", "rmsea")) for (how in c("scaled", "robust"))
    values[[paste0(i, "_", how)]] <- pick(paste0(i, ".", how), m[[i]])
  for (side in c("low", "high")) for (how in c("scaled", "robust")) {
    lavaan_name <- paste0("rmsea.ci.", c(low = "lower", high = "upper")[[side]])
    values[[paste0("rmsea_", side, "_", how)]] <- pick(paste0(lavaan_name, ".", how), m[[lavaan_name]])
  }
  values <- c(values, list(log_likelihood = m[["logl"]], aic = m[["aic"]], bic = m[["bic"]],
    n_parameters = m[["npar"]], n = nobs(f), n_asked = nrow(frame), estimator = tolower(estimator),
    confidence_level = level, notes = I(character())))
  options <- list(model = model, estimator = tolower(estimator), confidence_level = level)
  if (!is.null(second)) options$second_order <- second
  if (length(residuals)) options$correlated_residuals <- residuals
  write_golden(golden_of("cfa", data$source, data$file, "psychometrics_cfa.R", c("lavaan", "jsonlite"),
    list(fit = 1e-5, estimates = 1e-4, std_error = 1e-3),
    "another optimiser with another stopping rule; errors are second derivatives", options, values,
    list(steps = "lavaan's optimiser counts other steps")), file)
}

holzinger <- list(file = "data/psychometrics_holzinger.csv", source = "lavaan::HolzingerSwineford1939, x1 to x9")
servqual <- list(file = "data/servqual.csv", source = "synthetic, see servqual_gaps; perceptions P01 to P22")
g9 <- list(g = unlist(holzinger_model, use.names = FALSE))
g22 <- list(g = unlist(servqual_model, use.names = FALSE))
cfa_golden("psychometrics_cfa_holzinger.json", holzinger, hs, holzinger_model)
cfa_golden("psychometrics_cfa_holzinger_mlr.json", holzinger, hs, holzinger_model, estimator = "MLR", level = 0.9)
cfa_golden("psychometrics_cfa_holzinger_second_order.json", holzinger, hs, holzinger_model,
           second = list(g = names(holzinger_model)))
cfa_golden("psychometrics_cfa_holzinger_residual.json", holzinger, hs, holzinger_model,
           residuals = list(I(c("x7", "x8"))), estimator = "MLR")
cfa_golden("psychometrics_cfa_holzinger_one.json", holzinger, hs, g9)
cfa_golden("psychometrics_cfa_servqual.json", servqual, sq, servqual_model)
cfa_golden("psychometrics_cfa_servqual_mlr.json", servqual, sq, servqual_model, estimator = "MLR")
cfa_golden("psychometrics_cfa_servqual_second_order.json", servqual, sq, servqual_model,
           second = list(SQ = names(servqual_model)))
cfa_golden("psychometrics_cfa_servqual_one.json", servqual, sq, g22)
