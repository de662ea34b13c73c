# Goldens of cxresearch.psychometrics.scale_reliability: psych on data already reduced to complete
# cases, because psych::alpha(use = "complete.obs") counts the rows it has dropped.
source("_common.R")
source("servqual_scores.R")
suppressPackageStartupMessages({library(psych); library(lavaan)})

# Omega of one factor fitted to the scale's own covariances (divisor n), NA with two items.
omega_of <- function(s, n) {
  if (ncol(s) < 3) return(list(omega = NA, omega_note = "two_items"))
  dimnames(s) <- list(paste0("x", seq_len(ncol(s))), paste0("x", seq_len(ncol(s))))
  fit <- cfa(paste("f =~", paste(colnames(s), collapse = " + ")), sample.cov = s, sample.nobs = n,
             std.lv = TRUE)
  est <- lavInspect(fit, "est")
  list(omega = sum(est$lambda)^2 / (sum(est$lambda)^2 + sum(est$theta)), omega_note = "")
}

alpha_of <- function(x, level) {
  x <- as.data.frame(na.omit(x))
  a <- suppressWarnings(alpha(x, warnings = FALSE))$total
  ci <- alpha.ci(a$raw_alpha, nrow(x), ncol(x), p.val = 1 - level)
  c(list(estimate = a$raw_alpha, conf_low = ci$lower.ci[[1]], conf_high = ci$upper.ci[[1]], n = nrow(x),
         alpha_standardized = a$std.alpha, items = ncol(x), note = ""), omega_of(cov(x), nrow(x)))
}

golden <- function(rows, n, battery, level, notes, data, source, ..., weights = "", basis = "complete cases") {
  list(result = "scale_reliability", source = source, data = data,
       made_with = made_with("reliability.R", "psych", "lavaan", "jsonlite"),
       tolerance = list(rtol = 1e-10, omega = 1e-5,
                        why = "closed forms: same arithmetic; omega: two optimisers"),
       options = list(confidence_level = level, ...),
       values = list(estimates = rows, n = n, battery = battery, confidence_level = level,
                     basis = basis, interval = if (weights == "") "feldt" else "bootstrap",
                     weights = weights, strata = "", clusters = "", notes = I(notes)),
       not_covered = list(n_boot = "an option", seed = "an option; standardised alpha and omega have intervals from resampling, checked by benchmarks/coverage_reliability.py"))
}

servqual <- function(file, level) {
  a <- read_answers(file)
  rows <- list()
  for (D in names(dims)) for (part in c("expectation", "perception", "gap")) {
    x <- list(expectation = a$E, perception = a$P, gap = a$P - a$E)[[part]][, dims[[D]]]
    rows <- c(rows, list(c(list(term = D, group = part, label = paste("Text of", D)), alpha_of(x, level))))
  }
  golden(rows, nrow(a$d), "servqual", level, character(), paste0("data/", file), "synthetic, see servqual_gaps")
}
write_golden(servqual("servqual.csv", 0.95), "scale_reliability.json")
write_golden(servqual("servqual_faults.csv", 0.9), "scale_reliability_faults.json")

# Real answers: five items of agreeableness, the first worded the other way round.
data(bfi, package = "psych")
x <- bfi[, paste0("A", 1:5)]
write.csv(x, file.path("..", "data", "bfi_agreeableness.csv"), row.names = FALSE, na = "")
x$A1 <- 7 - x$A1
rows <- list(c(list(term = "A", group = "rating", label = "Text of A"), alpha_of(x, 0.95)))
write_golden(golden(rows, nrow(x), "bfi", 0.95, character(), "data/bfi_agreeableness.csv",
                    "psych::bfi, items A1 to A5 (SAPA project)"), "scale_reliability_bfi.json")

# The same answers pairwise: psych's own default, its interval made with the pair answered least.
a <- suppressWarnings(alpha(x, warnings = FALSE))$total
both <- crossprod(!is.na(x))
ci <- alpha.ci(a$raw_alpha, min(both), ncol(x), p.val = 0.05)
rows <- list(c(list(term = "A", group = "rating", label = "Text of A", estimate = a$raw_alpha,
                    conf_low = ci$lower.ci[[1]], conf_high = ci$upper.ci[[1]],
                    n = sum(rowSums(!is.na(x)) > 1), alpha_standardized = a$std.alpha,
                    items = 5, note = ""), omega_of(cov(x, use = "pairwise"), min(both))))
write_golden(golden(rows, nrow(x), "bfi", 0.95, character(), "data/bfi_agreeableness.csv",
                    "psych::bfi, items A1 to A5 (SAPA project)", missing = "pairwise",
                    basis = "pairwise"), "scale_reliability_pairwise.json")

# Weights 1, 2, 3, 1, 2, 3 ... in order of the rows; intervals are from resampling.
w <- 1 + (seq_len(nrow(x)) - 1) %% 3
known <- complete.cases(x)
s <- cov.wt(x[known, ], w[known])$cov
a <- suppressWarnings(alpha(s, warnings = FALSE))$total
rows <- list(c(list(term = "A", group = "rating", label = "Text of A", estimate = a$raw_alpha,
                    n = sum(known), alpha_standardized = a$std.alpha, items = 5, note = ""),
               omega_of(s, sum(known))))
write_golden(golden(rows, nrow(x), "bfi", 0.95, character(), "data/bfi_agreeableness.csv",
                    "psych::bfi, items A1 to A5 (SAPA project)", weights = "w"),
             "scale_reliability_weighted.json")
