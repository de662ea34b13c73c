# Goldens of bifactor_reliability, schmid_leiman, ordinal_reliability and distinct_scales.
source("_psychometrics.R")
suppressPackageStartupMessages({library(lavaan); library(semTools); library(psych)})
script <- "psychometrics_reliability_more.R"
sq <- read.csv(file.path("..", "data", "servqual.csv"))
bfi15 <- read.csv(file.path("..", "data", "psychometrics_bfi_ordered.csv"))
bfi <- read.csv(gzfile(file.path("..", "data", "psychometrics_bfi.csv.gz")))
z <- qnorm(0.975)
ends <- function(x, se) plogis(qlogis(x) + c(-1, 1) * z * se / (x * (1 - x)))

# Bifactor: definitions in lavaan's own language, its delta method gives the standard errors.
bifactor_golden <- function(estimator, file) {
  items <- unlist(servqual_model, use.names = FALSE); first <- names(servqual_model)
  text <- c(paste0("quality=~", paste0("g_", items, "*", items, collapse = "+")), paste0(items, "~~e_", items, "*", items))
  for (f in first) text <- c(text, paste0(f, "=~", paste0("s_", servqual_model[[f]], "*", servqual_model[[f]], collapse = "+")))
  sum_of <- function(prefix, x) paste0("(", paste0(prefix, x, collapse = "+"), ")")
  general <- paste0(sum_of("g_", items), "^2"); error <- sum_of("e_", items)
  special <- paste0("(", paste0(sapply(first, function(f) sum_of("s_", servqual_model[[f]])), "^2", collapse = "+"), ")")
  share <- function(prefix, x) paste0("(", paste0(prefix, x, "^2/(g_", x, "^2+s_", x, "^2+e_", x, ")", collapse = "+"), ")")
  all_shares <- paste0("(", share("g_", items), "+", share("s_", items), ")")
  text <- c(text, paste0("h_quality:=", general, "/(", general, "+", special, "+", error, ")"),
    paste0("o_quality:=(", general, "+", special, ")/(", general, "+", special, "+", error, ")"),
    paste0("c_quality:=", share("g_", items), "/", all_shares))
  for (f in first) {
    x <- servqual_model[[f]]; g <- paste0(sum_of("g_", x), "^2"); s <- paste0(sum_of("s_", x), "^2"); e <- sum_of("e_", x)
    text <- c(text, paste0("h_", f, ":=", s, "/(", g, "+", s, "+", e, ")"),
      paste0("o_", f, ":=(", g, "+", s, ")/(", g, "+", s, "+", e, ")"),
      paste0("c_", f, ":=", share("s_", x), "/", all_shares))
  }
  f <- cfa(paste(text, collapse = "\n"), sq, std.lv = TRUE, orthogonal = TRUE, estimator = estimator)
  d <- subset(parameterEstimates(f), op == ":="); rownames(d) <- d$lhs
  out <- lapply(c("quality", first), function(k) {
    h <- d[paste0("h_", k), ]; o <- d[paste0("o_", k), ]; e <- d[paste0("c_", k), ]
    i <- ends(h$est, h$se); j <- ends(o$est, o$se); m <- ends(e$est, e$se)
    list(term = k, estimate = h$est, std_error = h$se, conf_low = i[1], conf_high = i[2], n = nobs(f), omega = o$est,
      omega_error = o$se, omega_low = j[1], omega_high = j[2], ecv = e$est, ecv_error = e$se, ecv_low = m[1],
      ecv_high = m[2], items = if (k == "quality") length(items) else length(servqual_model[[k]]))
  })
  std <- lavInspect(f, "std")$lambda
  loadings <- do.call(c, lapply(first, function(k) lapply(servqual_model[[k]], function(i) list(term = i, group = k,
    general = std[i, "quality"], specific = std[i, k], ecv = std[i, "quality"]^2 / (std[i, "quality"]^2 + std[i, k]^2), n = nobs(f)))))
  sizes <- lengths(servqual_model); p <- sum(sizes)
  write_golden(golden_of("bifactor", "synthetic, see servqual_gaps", "data/servqual.csv", script,
    c("lavaan", "jsonlite"), list(estimates = 1e-4, std_error = 1e-3), "functions of estimates by another optimiser",
    list(model = servqual_model, estimator = tolower(estimator), bifactor = "quality"),
    list(estimates = out, loadings = loadings, puc = 1 - sum(sizes * (sizes - 1)) / (p * (p - 1)), general = "quality",
         n = nobs(f), estimator = tolower(estimator), confidence_level = 0.95, notes = I(character()))), file)
}
bifactor_golden("ML", "psychometrics_bifactor_servqual.json")
bifactor_golden("MLR", "psychometrics_bifactor_servqual_mlr.json")

R <- cor(bfi, use = "pairwise")
o <- suppressWarnings(omega(R, nfactors = 5, n.obs = nrow(bfi), plot = FALSE))
sl <- as.data.frame(unclass(o$schmid$sl))
write_golden(golden_of("schmid_leiman", "psychTools::bfi, 25 items, correlations of pairwise answers",
  "data/psychometrics_bfi.csv.gz", script, c("psych", "jsonlite"), list(atol = 1e-3),
  "two minres optimisers and two oblimin rotations", list(n_factors = 5),
  list(general = sl$g * ifelse(grepl("-$", rownames(sl)), -1, 1), communality = sl$h2, omega_hierarchical = o$omega_h,
    omega_total = o$omega.tot, alpha = o$alpha, items = I(colnames(bfi)), n_factors = 5, n = nrow(bfi),
    notes = I(character())), list(estimates = "its columns are general and communality",
    ecv = "psych counts the groups of the largest loading only")), "psychometrics_schmid_leiman_bfi.json")

bfi_model <- list(A = c("A2", "A1", "A3", "A4", "A5"), C = paste0("C", 1:5), N = paste0("N", 1:5))
f <- cfa(lavaan_text(bfi_model), bfi15, ordered = names(bfi15), estimator = "WLSMV", std.lv = TRUE)
implied <- suppressWarnings(semTools::reliability(f))["omega", ]; own <- semTools::compRelSEM(f); latent <- semTools::compRelSEM(f, ord.scale = FALSE)
write_golden(golden_of("ordinal_reliability", "psychTools::bfi, see psychometrics_cfa_more.R",
  "data/psychometrics_bfi_ordered.csv", script, c("lavaan", "semTools", "jsonlite"), list(estimates = 1e-4),
  "functions of estimates by another optimiser", list(model = bfi_model),
  list(estimates = lapply(names(bfi_model), function(k) list(term = k, estimate = unname(own[[k]]), n = nobs(f),
    omega_implied = unname(implied[[k]]), omega_latent = unname(latent[[k]]), items = 5)),
    n = nobs(f), n_asked = nrow(bfi15), confidence_level = 0.95),
  list(notes = "words of ours")), "psychometrics_ordinal_reliability_bfi.json")

fits <- list(intended = cfa(lavaan_text(servqual_model), sq, std.lv = TRUE, estimator = "MLR"),
  one_factor = cfa(lavaan_text(list(g = unlist(servqual_model))), sq, std.lv = TRUE, estimator = "MLR"),
  second_order = cfa(lavaan_text(c(servqual_model, list(g = names(servqual_model)))), sq, std.lv = TRUE, estimator = "MLR"),
  bifactor = cfa(lavaan_text(c(servqual_model, list(g = unlist(servqual_model)))), sq, std.lv = TRUE, orthogonal = TRUE,
                 estimator = "MLR"))
models <- lapply(names(fits), function(k) { m <- fitMeasures(fits[[k]]); list(term = k, statistic = m[["chisq.scaled"]],
  df = m[["df"]], p_value = m[["pvalue.scaled"]], n = nobs(fits[[k]]), cfi = m[["cfi.robust"]], tli = m[["tli.robust"]],
  rmsea = m[["rmsea.robust"]], rmsea_low = m[["rmsea.ci.lower.robust"]], rmsea_high = m[["rmsea.ci.upper.robust"]],
  srmr = m[["srmr_bentler"]], bic = m[["bic"]], status = "ok") })
pe <- subset(parameterEstimates(fits$intended), op == "~~" & lhs != rhs & lhs %in% names(servqual_model))
one <- unclass(semTools::htmt(lavaan_text(servqual_model), sq, htmt2 = FALSE)); two <- unclass(semTools::htmt(lavaan_text(servqual_model), sq))
ave <- colSums(lavInspect(fits$intended, "std")$lambda^2) / lengths(servqual_model)
fisher <- function(x, se) tanh(atanh(x) + c(-1, 1) * z * se / (1 - x^2))
pairs <- lapply(seq_len(nrow(pe)), function(i) { a <- pe$lhs[i]; b <- pe$rhs[i]; k <- fisher(pe$est[i], pe$se[i])
  list(term = a, group = b, estimate = pe$est[i], std_error = pe$se[i], conf_low = k[1], conf_high = k[2], n = 400,
    htmt = max(one[a, b], one[b, a]), htmt2 = max(two[a, b], two[b, a]), smaller_root_ave = sqrt(min(ave[c(a, b)])),
    fornell_larcker = sqrt(min(ave[c(a, b)])) > abs(pe$est[i])) })
parallel <- suppressWarnings(fa.parallel(sq[, unlist(servqual_model)], fa = "fa", SMC = TRUE, plot = FALSE, n.iter = 50))
write_golden(golden_of("distinctness", "synthetic, see servqual_gaps; perceptions P01 to P22", "data/servqual.csv", script,
  c("lavaan", "semTools", "psych", "jsonlite"), list(estimates = 1e-4, std_error = 1e-3, fit = 1e-4),
  "another optimiser with another stopping rule", list(model = servqual_model, estimator = "mlr"),
  list(estimates = pairs, models = models, empirical_factors = parallel$nfact, verdict = "distinct",
    groups = I(names(servqual_model)), reasons = I(character()), n = 400, n_asked = 400, estimator = "mlr", cutoff = 0.85,
    confidence_level = 0.95, battery = "", part = "", clusters = "",
    n_clusters = 0, notes = I(character())),
  list(scales = "from factor_reliability, bifactor and congruence, each tested alone", empirical = "exploratory_factors",
    congruence = "recomputed in the test", omega_hierarchical = "bifactor_reliability", ecv = "bifactor_reliability",
    n_boot = "an option", seed = "an option")), "psychometrics_distinctness_servqual.json")

f <- cfa(lavaan_text(c(servqual_model, list(SQ = names(servqual_model)))), sq, std.lv = TRUE)
rel <- suppressWarnings(semTools::reliability(f)); std <- lavInspect(f, "std")$lambda
out <- do.call(c, lapply(names(servqual_model), function(k) {
  x <- sq[, servqual_model[[k]]]; a <- psych::alpha(x, warnings = FALSE)$total; l <- std[servqual_model[[k]], k]
  value <- c(alpha = a$raw_alpha, alpha_standardized = a$std.alpha, omega = unname(rel["omega", k]),
             composite_reliability = sum(l)^2 / (sum(l)^2 + sum(1 - l^2)), ave = mean(l^2))
  lapply(names(value), function(g) list(term = k, group = g, estimate = value[[g]], n = 400)) }))
out <- c(out, list(list(term = "SQ", group = "omega_hierarchical",
  estimate = unname(suppressWarnings(semTools::reliabilityL2(f, "SQ"))["omegaL1"]), n = 400)))
write_golden(golden_of("reliability_bootstrap", "synthetic, see servqual_gaps", "data/servqual.csv", script,
  c("lavaan", "semTools", "psych", "jsonlite"), list(estimates = 1e-4), "another optimiser", list(model = servqual_model,
  second_order = list(SQ = names(servqual_model))), list(estimates = out, n = 400, n_asked = 400, confidence_level = 0.95,
  interval = "percentile", weights = ""), list(n_boot = "an option", n_failed = "none here", seed = "an option",
  notes = "words of ours")), "psychometrics_bootstrap_reliability.json")
