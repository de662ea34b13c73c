# Goldens of confirmatory_factors: WLSMV on ordered answers, bifactor models, case weights.
source("_psychometrics.R")
suppressPackageStartupMessages(library(lavaan))
script <- "psychometrics_cfa_more.R"

items <- c(paste0("A", 1:5), paste0("C", 1:5), paste0("N", 1:5))
bfi <- read.csv(gzfile(file.path("..", "data", "psychometrics_bfi.csv.gz")))
bfi15 <- na.omit(bfi[, items])[1:1200, items]
for (v in c("A1", "C4", "C5")) bfi15[[v]] <- 7 - bfi15[[v]]
write.csv(bfi15, file.path("..", "data", "psychometrics_bfi_ordered.csv"), row.names = FALSE)
# Two steps, three steps, and values nobody chose.
few <- bfi15
for (v in c("A1", "A2", "C1")) few[[v]] <- as.integer(few[[v]] > 4)
for (v in c("A3", "C2", "C3")) few[[v]] <- c(1, 1, 3, 3, 6, 6)[few[[v]]]
write.csv(few, file.path("..", "data", "psychometrics_bfi_few_steps.csv"), row.names = FALSE)
sq <- read.csv(file.path("..", "data", "servqual.csv"))
bfi_model <- list(A = c("A2", "A1", "A3", "A4", "A5"), C = paste0("C", 1:5), N = paste0("N", 1:5))

golden_cfa <- function(file, data, frame, model, second = NULL, residuals = list(), estimator = "ML",
                       general = NULL, weights = NULL) {
  items <- unlist(model, use.names = FALSE); whole <- model
  if (!is.null(general)) whole[[general]] <- items
  text <- lavaan_text(c(whole, second))
  for (pair in residuals) text <- paste0(text, "\n", pair[1], "~~", pair[2])
  ordinal <- estimator == "WLSMV"
  fit <- function(estimator) cfa(text, frame, std.lv = TRUE, estimator = estimator, orthogonal = !is.null(general),
    ordered = if (ordinal) items else NULL, sampling.weights = weights)
  f <- fit(estimator); m <- fitMeasures(f); robust <- estimator != "ML"
  pick <- function(name, plain) unname(if (robust) m[[name]] else plain)
  pe <- parameterEstimates(f); st <- standardizedSolution(f)
  cov_ops <- pe$op %in% c("=~", "~~")
  pe <- pe[cov_ops, ]; st <- st[st$op %in% c("=~", "~~"), ]
  stopifnot(all(pe$lhs == st$lhs & pe$rhs == st$rhs))
  own <- pe$lhs == pe$rhs & pe$lhs %in% items
  keep <- pe$se > 0 | (ordinal & own); pe <- pe[keep, ]; st <- st[keep, ]; own <- own[keep]
  # Residual variances follow from the loadings: their errors are those of the standardised ones.
  if (ordinal) {
    pe$se[own] <- st$se[own]; pe$z[own] <- st$z[own]; pe$pvalue[own] <- st$pvalue[own]
    pe$ci.lower[own] <- st$ci.lower[own]; pe$ci.upper[own] <- st$ci.upper[own]
  }
  kind <- function(op, lhs, rhs) ifelse(op == "=~", ifelse(rhs %in% items, "loading", "second_order_loading"),
    ifelse(lhs %in% items, ifelse(lhs == rhs, "residual_variance", "residual_covariance"), "factor_covariance"))
  term <- ifelse(pe$op == "=~", pe$rhs, pe$lhs); group <- ifelse(pe$op == "=~", pe$lhs, pe$rhs)
  estimates <- data.frame(term = term, group = group, parameter = kind(pe$op, pe$lhs, pe$rhs), estimate = pe$est,
    std_error = pe$se, statistic = pe$z, p_value = pe$pvalue, conf_low = pe$ci.lower, conf_high = pe$ci.upper,
    n = nobs(f), standardized = st$est.std, standardized_error = st$se, standardized_low = st$ci.lower,
    standardized_high = st$ci.upper)
  est <- lavInspect(f, "est"); std <- lavInspect(f, "std"); first <- names(whole)
  phi <- lavInspect(f, "cov.lv")[first, first, drop = FALSE]
  above <- if (is.null(second)) matrix(0, length(first), 0) else std$beta[first, names(second), drop = FALSE]
  values <- list(
    estimates = estimates, items = I(items), factors = I(first),
    second_order_factors = I(as.character(names(second))), loadings = rows(est$lambda[items, first, drop = FALSE]),
    standardized_loadings = rows(std$lambda[items, first, drop = FALSE]), factor_covariances = rows(phi),
    factor_correlations = rows(cov2cor(phi)), second_order_loadings = rows(above),
    residual_covariances = rows(est$theta[items, items]),
    observed_covariance = rows(lavInspect(f, "sampstat")$cov[items, items]),
    implied_covariance = rows(lavInspect(f, "implied")$cov[items, items]),
    chi2 = m[["chisq"]], df = m[["df"]], p_value = m[["pvalue"]], cfi = m[["cfi"]], tli = m[["tli"]],
    rmsea = m[["rmsea"]], rmsea_low = m[["rmsea.ci.lower"]], rmsea_high = m[["rmsea.ci.upper"]],
    rmsea_p_close = m[["rmsea.pvalue"]], srmr = m[[if (ordinal) "srmr" else "srmr_bentler"]],
    baseline_chi2 = m[["baseline.chisq"]], baseline_df = m[["baseline.df"]],
    scaling = pick("chisq.scaling.factor", 1), baseline_scaling = pick("baseline.chisq.scaling.factor", 1),
    chi2_scaled = pick("chisq.scaled", m[["chisq"]]), p_value_scaled = pick("pvalue.scaled", m[["pvalue"]]))
  for (i in c("cfi", "tli", "rmsea")) for (how in c("scaled", "robust"))
    values[[paste0(i, "_", how)]] <- pick(paste0(i, ".", how), m[[i]])
  for (side in c("low", "high")) for (how in c("scaled", "robust")) {
    lavaan_name <- paste0("rmsea.ci.", c(low = "lower", high = "upper")[[side]])
    values[[paste0("rmsea_", side, "_", how)]] <- pick(paste0(lavaan_name, ".", how), m[[lavaan_name]])
  }
  if (ordinal) {
    test <- lavInspect(f, "test")[[2]]; base <- f@baseline$test[[2]]
    values$shift <- sum(test$shift.parameter); values$baseline_shift <- sum(base$shift.parameter)
    pt <- subset(parameterEstimates(f), op == "|"); pt <- pt[order(match(pt$lhs, items)), ]
    values$thresholds <- data.frame(term = pt$lhs, group = sub("t", "", pt$rhs), estimate = pt$est,
                                    std_error = pt$se, n = nobs(f))
  } else {
    values <- c(values, list(shift = 0, baseline_shift = 0, log_likelihood = m[["logl"]], aic = m[["aic"]],
                             bic = m[["bic"]]))
  }
  values <- c(values, list(n_parameters = m[["npar"]], n = nobs(f),
    n_asked = nrow(frame), estimator = tolower(estimator), bifactor = if (is.null(general)) "" else general,
    weights = if (is.null(weights)) "" else weights, confidence_level = 0.95))
  not_covered <- list(steps = "lavaan's optimiser counts other steps", notes = "words of ours",
    parameter_covariance = "its diagonal is in the standard errors")
  if (estimator != "MLR") {
    mi <- modificationIndices(f); mi <- mi[!(mi$lhs %in% names(second)) & mi$op != "|", ]
    # lavaan takes the gradient over n, but fits and tests with n - 1: all three are (n - 1)/n too small.
    for (i in c("epc", "sepc.all", "mi")) mi[[i]] <- mi[[i]] * nobs(f) / (nobs(f) - 1)
    if (ordinal && is.null(general)) values$modification <- data.frame(
      term = ifelse(mi$op == "=~", mi$rhs, mi$lhs), group = ifelse(mi$op == "=~", mi$lhs, mi$rhs),
      parameter = kind(mi$op, mi$lhs, mi$rhs), estimate = mi$epc, statistic = mi$mi, df = 1,
      p_value = pchisq(mi$mi, 1, lower.tail = FALSE), n = nobs(f), standardized = mi$sepc.all)
  }
  options <- list(model = model, estimator = tolower(estimator))
  if (!is.null(second)) options$second_order <- second
  if (length(residuals)) options$correlated_residuals <- residuals
  if (!is.null(general)) options$bifactor <- general
  if (!is.null(weights)) options$weights <- weights
  write_golden(golden_of("cfa", data$source, data$file, script, c("lavaan", "jsonlite"),
    list(fit = 1e-4, estimates = 1e-4, std_error = 1e-3),
    "another optimiser with another stopping rule; errors are second derivatives", options, values, not_covered), file)
}

ordered <- list(file = "data/psychometrics_bfi_ordered.csv",
  source = "psychTools::bfi, first 1200 complete on A, C and N; A1, C4, C5 reversed")
steps <- list(file = "data/psychometrics_bfi_few_steps.csv", source = "the same with two- and three-step items")
servqual <- list(file = "data/servqual.csv", source = "synthetic, see servqual_gaps; perceptions P01 to P22")
golden_cfa("psychometrics_cfa_bfi_wlsmv.json", ordered, bfi15, bfi_model, estimator = "WLSMV")
golden_cfa("psychometrics_cfa_bfi_wlsmv_residual.json", ordered, bfi15, bfi_model, estimator = "WLSMV",
           residuals = list(I(c("N1", "N2"))))
golden_cfa("psychometrics_cfa_bfi_wlsmv_second_order.json", ordered, bfi15, bfi_model, estimator = "WLSMV",
           second = list(g = names(bfi_model)))
golden_cfa("psychometrics_cfa_few_steps_wlsmv.json", steps, few, bfi_model, estimator = "WLSMV")
golden_cfa("psychometrics_cfa_servqual_wlsmv.json", servqual, sq, servqual_model, estimator = "WLSMV")
golden_cfa("psychometrics_cfa_servqual_weighted.json", servqual, sq, servqual_model, estimator = "MLR", weights = "weight")
for (estimator in c("ML", "MLR", "WLSMV"))
  golden_cfa(paste0("psychometrics_cfa_servqual_bifactor_", tolower(estimator), ".json"), servqual, sq, servqual_model,
             estimator = estimator, general = "quality")
