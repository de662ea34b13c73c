# Goldens of confirmatory_factors(clusters = ...) and htmt(clusters = ...): lavaan with sampled branches.
source("_psychometrics.R")
suppressPackageStartupMessages({library(lavaan); library(boot)})
script <- "psychometrics_clusters.R"

# 40 branches of 6 to 14 customers whose answers are alike; case weights; some answers missing.
set.seed(20)
size <- sample(6:14, 40, replace = TRUE); branch <- rep(sprintf("b%02d", 1:40), size); n <- length(branch)
phi <- matrix(c(1, 0.5, 0.5, 1), 2); root <- chol(phi)
own <- (matrix(rnorm(80), 40) %*% root)[rep(1:40, size), ] * sqrt(0.3)
factors <- own + (matrix(rnorm(2 * n), n) %*% root) * sqrt(0.7)
loadings <- c(0.8, 0.7, 0.6, 0.75, 0.7, 0.65)
answers <- sapply(1:6, function(j) {
  local <- rnorm(40, sd = 0.25)[rep(1:40, size)]
  round(5 + 1.2 * (loadings[j] * factors[, (j > 3) + 1] + local + sqrt(1 - loadings[j]^2) * rnorm(n)), 3)
})
d <- data.frame(branch, w = round(runif(n, 0.5, 2), 3), answers)
items <- paste0("q", 1:6); names(d)[3:8] <- items
d <- d[sample(n), ]
write.csv(d, file.path("..", "data", "psychometrics_branches.csv"), row.names = FALSE, quote = FALSE)
missing <- d
for (item in c("q2", "q5")) missing[sample(n, 60), item] <- NA
write.csv(missing, file.path("..", "data", "psychometrics_branches_missing.csv"), row.names = FALSE, quote = FALSE, na = "")
model <- list(staff = items[1:3], room = items[4:6])

clusters_golden <- function(file, frame, data, weights = NULL, fiml = FALSE) {
  f <- cfa(lavaan_text(model), frame, std.lv = TRUE, estimator = "MLR", cluster = "branch", sampling.weights = weights,
           missing = if (fiml) "fiml" else "listwise")
  m <- fitMeasures(f); pe <- parameterEstimates(f); st <- standardizedSolution(f)
  keep <- pe$se > 0 & (fiml | pe$op != "~1"); pe <- pe[keep, ]; st <- st[keep, ]
  stopifnot(all(pe$lhs == st$lhs & pe$rhs == st$rhs & pe$op == st$op))
  kind <- ifelse(pe$op == "=~", "loading", ifelse(pe$op == "~1", "intercept",
    ifelse(pe$lhs %in% items, "residual_variance", "factor_covariance")))
  estimates <- data.frame(term = ifelse(pe$op == "=~", pe$rhs, pe$lhs), group = ifelse(pe$op == "=~", pe$lhs, pe$rhs),
    parameter = kind, estimate = pe$est, std_error = pe$se, statistic = pe$z, p_value = pe$pvalue,
    conf_low = pe$ci.lower, conf_high = pe$ci.upper, n = nobs(f), standardized = st$est.std,
    standardized_error = st$se, standardized_low = st$ci.lower, standardized_high = st$ci.upper)
  # lavaan counts the six means among the parameters when there are clusters; only FIML does so here.
  means <- if (fiml) 0 else length(items)
  values <- list(estimates = estimates, chi2 = m[["chisq"]], df = m[["df"]], p_value = m[["pvalue"]],
    scaling = m[["chisq.scaling.factor"]], baseline_chi2 = m[["baseline.chisq"]],
    baseline_scaling = m[["baseline.chisq.scaling.factor"]], chi2_scaled = m[["chisq.scaled"]],
    p_value_scaled = m[["pvalue.scaled"]], srmr = m[[if (fiml) "srmr_bentler" else "srmr_bentler_nomean"]],
    log_likelihood = m[["logl"]], aic = m[["aic"]] - 2 * means, bic = m[["bic"]] - log(nobs(f)) * means,
    n_parameters = m[["npar"]] - means)
  for (how in c("scaled", if (!fiml) "robust")) {
    for (i in c("cfi", "tli", "rmsea")) values[[paste0(i, "_", how)]] <- m[[paste0(i, ".", how)]]
    values[[paste0("rmsea_low_", how)]] <- m[[paste0("rmsea.ci.lower.", how)]]
    values[[paste0("rmsea_high_", how)]] <- m[[paste0("rmsea.ci.upper.", how)]]
  }
  values <- c(values, list(n = nobs(f), n_asked = nrow(frame), clusters = "branch",
    n_clusters = length(unique(frame$branch)), estimator = "mlr", notes = I(character())))
  options <- list(model = model, estimator = "mlr", clusters = "branch")
  if (!is.null(weights)) options$weights <- weights
  if (fiml) options$missing <- "fiml"
  write_golden(golden_of("cfa", "simulated in this script: 40 branches", data, script, c("lavaan", "jsonlite"),
    list(fit = 1e-5, estimates = 1e-4, std_error = 1e-3),
    "another optimiser with another stopping rule; errors are second derivatives", options, values), file)
}
clusters_golden("psychometrics_cfa_clusters.json", d, "data/psychometrics_branches.csv")
clusters_golden("psychometrics_cfa_clusters_weighted.json", d, "data/psychometrics_branches.csv", weights = "w")
clusters_golden("psychometrics_cfa_clusters_fiml.json", missing, "data/psychometrics_branches_missing.csv", fiml = TRUE)

# HTMT: boot draws branches, everybody of a branch comes along.
ratios <- function(x) {
  R <- abs(cor(x[, items])); u <- function(M) M[upper.tri(M)]; gm <- function(v) exp(mean(log(v)))
  a <- model$staff; b <- model$room
  c(mean(R[a, b]) / sqrt(mean(u(R[a, a])) * mean(u(R[b, b]))), gm(R[a, b]) / sqrt(gm(u(R[a, a])) * gm(u(R[b, b]))))
}
names_of <- unique(d$branch); B <- 199
set.seed(21)
drawn <- boot(names_of, function(k, i) ratios(do.call(rbind, lapply(k[i], function(name) d[d$branch == name, ]))), R = B)
write.table(boot.array(drawn, indices = TRUE) - 1, gzfile(file.path("..", "data", "psychometrics_htmt_branches_indices.csv.gz")),
            sep = ",", row.names = FALSE, col.names = FALSE)
ends <- sapply(1:2, function(i) boot.ci(drawn, type = "perc", index = i)$percent[4:5]); est <- ratios(d); se <- apply(drawn$t, 2, sd)
golden <- golden_of("htmt", "simulated in this script: 40 branches", "data/psychometrics_branches.csv", script,
  c("boot", "jsonlite"), list(rtol = 1e-9), "closed form on the same replicates", list(model = model, clusters = "branch"),
  list(estimates = list(list(term = "staff", group = "room", estimate = est[1], std_error = se[1], conf_low = ends[1, 1],
    conf_high = ends[2, 1], n = nrow(d), htmt2 = est[2], htmt2_error = se[2], htmt2_low = ends[1, 2],
    htmt2_high = ends[2, 2], distinct = ends[2, 1] < 0.85)),
    n_boot = B, n = nrow(d), clusters = "branch", n_clusters = 40, notes = I(character())))
golden$indices <- "data/psychometrics_htmt_branches_indices.csv.gz"
write_golden(golden, "psychometrics_htmt_branches.json")

# Invariance over two regions, each with 20 of the branches.
d$region <- ifelse(as.integer(substr(d$branch, 2, 3)) %% 2 == 0, "even", "odd"); d <- d[order(d$region), ]
rungs <- list(configural = "", metric = "loadings", scalar = c("loadings", "intercepts"),
              strict = c("loadings", "intercepts", "residuals"))
fits <- lapply(rungs, function(equal) cfa(lavaan_text(model), d, group = "region", std.lv = TRUE, estimator = "MLR",
                                          cluster = "branch", group.equal = equal))
ladder <- do.call(rbind, lapply(seq_along(fits), function(k) {
  m <- fitMeasures(fits[[k]])
  lrt <- if (k == 1) c(NA, NA, NA) else unlist(lavTestLRT(fits[[k - 1]], fits[[k]])[2, c("Chisq diff", "Df diff", "Pr(>Chisq)")])
  data.frame(term = names(fits)[k], statistic = lrt[[1]], df = lrt[[2]], p_value = lrt[[3]], n = nrow(d),
    chi2 = m[["chisq.scaled"]], chi2_df = m[["df"]], chi2_p_value = m[["pvalue.scaled"]], scaling = m[["chisq.scaling.factor"]],
    cfi = m[["cfi.robust"]], tli = m[["tli.robust"]], rmsea = m[["rmsea.robust"]], rmsea_low = m[["rmsea.ci.lower.robust"]],
    rmsea_high = m[["rmsea.ci.upper.robust"]], aic = m[["aic"]], bic = m[["bic"]])
}))
pe <- subset(parameterEstimates(fits$scalar), op == "~1" & lhs %in% names(model) & group == 2)
means <- data.frame(term = pe$lhs, group = "odd", reference = "even", estimate = pe$est, std_error = pe$se, statistic = pe$z,
                    p_value = pe$pvalue, conf_low = pe$ci.lower, conf_high = pe$ci.upper)
write_golden(golden_of("invariance", "simulated in this script: 40 branches; even and odd ones", "data/psychometrics_branches.csv",
  script, c("lavaan", "jsonlite"), list(ladder = 2e-4, means = 1e-3), "differences of fits of another optimiser",
  list(model = model, group = "region", clusters = "branch"), list(ladder = ladder, means = means, n = nrow(d), clusters = "branch")),
  "psychometrics_clusters_invariance.json")
