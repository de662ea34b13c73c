# Goldens of factor_adequacy, number_of_factors and exploratory_factors: psych on complete answers.
source("_psychometrics.R")
suppressPackageStartupMessages(library(psych))
data(bfi, package = "psych")
items <- names(bfi)[1:25]
write.csv(bfi[, items], gzfile(file.path("..", "data", "psychometrics_bfi.csv.gz")), row.names = FALSE, na = "")
x <- na.omit(bfi[, items]); R <- cor(x); n <- nrow(x); p <- ncol(x)
file <- "data/psychometrics_bfi.csv.gz"; from <- "psych::bfi, 25 items (SAPA project), complete answers"
dropped <- I(paste0("rows_dropped:", nrow(bfi) - n))

k <- KMO(R); b <- cortest.bartlett(R, n)
write_golden(golden_of("factor_adequacy", from, file, "psychometrics_factors.R", c("psych", "jsonlite"), list(rtol = 1e-10),
  "closed form", setNames(list(), character()),
  list(estimates = data.frame(term = items, estimate = unname(k$MSAi), n = n,
                              squared_multiple_correlation = unname(smc(R))),
       kmo = k$MSA, chi2 = b$chisq, df = b$df, p_value = b$p.value, determinant = det(R), items = items, n = n,
       n_asked = nrow(bfi), notes = dropped)), "psychometrics_adequacy_bfi.json")

set.seed(7); draws <- 200
pa <- fa.parallel(x, fa = "both", n.iter = draws, SMC = TRUE, plot = FALSE, sim = TRUE, quant = 0.95)
v <- vss(R, n = 8, n.obs = n, plot = FALSE)
ev <- eigen(R)$values; H <- R; diag(H) <- smc(R)
off <- (sum(R^2) - p) / (p * (p - 1))
# Random eigenvalues drawn here from data, for means and quantiles.
draw <- replicate(400, {r <- cor(matrix(rnorm(n * p), n, p)); h <- r; diag(h) <- smc(r)
  c(eigen(r, only.values = TRUE)$values, eigen(h, only.values = TRUE)$values)})
pc <- draw[1:p, ]; fa_ <- draw[p + 1:p, ]; q <- function(m) apply(m, 1, quantile, 0.95)
write_golden(golden_of("number_of_factors", from, file, "psychometrics_factors.R", c("psych", "jsonlite"),
  list(rtol = 1e-9, monte_carlo = 4, draws = 400),
  "eigenvalues and MAP are closed forms; random eigenvalues agree within 4 Monte-Carlo standard errors",
  list(draws = 400),
  list(estimates = data.frame(term = as.character(1:p), estimate = ev, n = n, random_mean = rowMeans(pc),
         random_quantile = q(pc), common = eigen(H)$values, common_random_mean = rowMeans(fa_),
         common_random_quantile = q(fa_), map = c(v$map, rep(NA, p - 8))),
       parallel_components = pa$ncomp, parallel_factors = pa$nfact, map_factors = which.min(v$map), map_none = off,
       kaiser = sum(ev > 1), items = items, draws = 400, correlation = "pearson", quantile = 0.95, n = n, n_asked = nrow(bfi), notes = dropped),
  list(seed = "R draws with another generator")), "psychometrics_number_bfi.json")
# What fa.parallel itself draws, as a check of the above.
stopifnot(max(abs(pa$pc.sim - rowMeans(pc))) < 0.01)

efa_golden <- function(file_name, extraction, rotation, m, packages = c("psych", "jsonlite"), given = x, n.obs = nrow(x)) {
  rotated <- if (extraction == "principal") principal(given, m, rotate = rotation, n.obs = n.obs)
    else fa(given, m, rotate = rotation, fm = extraction, n.obs = n.obs, max.iter = 2000)
  L <- unclass(rotated$loadings)
  # R's varimax stops at a relative change of 1e-5; go on from there.
  if (rotation == "varimax") L <- unclass(varimax(L, eps = 1e-14)$loadings)
  Phi <- if (is.null(rotated$Phi)) diag(m) else rotated$Phi
  S <- L %*% Phi; h <- rowSums(L * S); explained <- colSums(L * S); o <- order(-explained); name <- paste0("F", 1:m)
  L <- L[, o]; S <- S[, o]; Phi <- Phi[o, o]; explained <- explained[o]
  Rx <- if (nrow(given) == ncol(given)) given else cor(given); rest <- (Rx - L %*% t(S))[upper.tri(Rx)]
  tested <- extraction != "principal"; value <- function(v) if (tested) unname(v) else NA
  pairwise <- nrow(given) == ncol(given)
  write_golden(golden_of("efa", if (pairwise) "psych::bfi, pairwise correlations" else from, file,
    "psychometrics_factors.R", packages, list(loadings = 1e-4, fit = 1e-4),
    "factor_analyzer's optimiser approximates derivatives; both stop early",
    list(n_factors = m, extraction = extraction, rotation = rotation, pairwise = pairwise),
    list(estimates = data.frame(term = rep(items, each = m), group = rep(name, p), estimate = c(t(L)), n = n.obs,
           structure = c(t(S)), communality = rep(unname(h), each = m)),
         variance = data.frame(term = name, estimate = unname(explained), n = n.obs, share = unname(explained) / p,
           cumulative = unname(cumsum(explained)) / p),
         items = items, factors = name, loadings = rows(L), structure = rows(S), factor_correlations = rows(Phi),
         communalities = unname(h), uniquenesses = 1 - unname(h), chi2 = value(rotated$STATISTIC), df = rotated$dof,
         p_value = value(pchisq(rotated$STATISTIC, rotated$dof, lower.tail = FALSE)),
         rmsea = value(rotated$RMSEA[[1]]), tli = value(rotated$TLI), rmsr = sqrt(mean(rest^2)), extraction = extraction,
         rotation = rotation, correlation = "pearson", n = n.obs, n_asked = if (pairwise) n.obs else nrow(bfi),
         notes = if (pairwise) I(character()) else dropped)), file_name)
}
efa_golden("psychometrics_efa_minres_varimax.json", "minres", "varimax", 5)
efa_golden("psychometrics_efa_ml_varimax.json", "ml", "varimax", 5)
efa_golden("psychometrics_efa_principal_varimax.json", "principal", "varimax", 5)
# These need GPArotation; the goldens were made with 2022.10.2.
if (requireNamespace("GPArotation", quietly = TRUE)) {
  efa_golden("psychometrics_efa_ml_promax.json", "ml", "promax", 5, c("psych", "GPArotation", "jsonlite"))
  efa_golden("psychometrics_efa_minres_oblimin.json", "minres", "oblimin", 5, c("psych", "GPArotation", "jsonlite"),
             cor(bfi[, items], use = "pairwise"), nrow(bfi))
}
