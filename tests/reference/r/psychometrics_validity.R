# Goldens of cxresearch.psychometrics.factor_reliability and .htmt: lavaan, semTools, boot.
source("_psychometrics.R")
suppressPackageStartupMessages({library(lavaan); library(semTools); library(boot)})
hs <- read.csv(file.path("..", "data", "psychometrics_holzinger.csv"))
sq <- read.csv(file.path("..", "data", "servqual.csv"))

z <- qnorm(0.975)
logit_ends <- function(x, se) plogis(qlogis(x) + c(-1, 1) * z * se / (x * (1 - x)))
fisher_ends <- function(x, se) tanh(atanh(x) + c(-1, 1) * z * se / (1 - x^2))

# Definitions in lavaan's own language: its delta method gives the standard errors.
reliability_golden <- function(file, data, source, frame, model, second = NULL) {
  text <- c()
  for (f in names(model)) {
    labels <- paste0("l_", model[[f]])
    text <- c(text, paste0(f, "=~", paste(paste0(labels, "*", model[[f]]), collapse = "+")),
              paste0(model[[f]], "~~e_", model[[f]], "*", model[[f]]))
  }
  factor_variance <- setNames(rep("1", length(model)), names(model))
  if (!is.null(second)) {
    g <- names(second)
    text <- c(text, paste0(g, "=~", paste(paste0("b_", second[[g]], "*", second[[g]]), collapse = "+")))
    factor_variance[second[[g]]] <- paste0("(1+b_", second[[g]], "^2)")
  }
  defined <- c()
  for (f in names(model)) {
    l <- paste0("l_", model[[f]]); e <- paste0("e_", model[[f]]); v <- factor_variance[[f]]
    true <- paste0("(", paste(l, collapse = "+"), ")^2*", v)
    defined <- c(defined, paste0("omega_", f, ":=", true, "/(", true, "+", paste(e, collapse = "+"), ")"),
      paste0("ave_", f, ":=(", paste0(l, "^2*", v, "/(", l, "^2*", v, "+", e, ")", collapse = "+"), ")/", length(l)))
  }
  if (!is.null(second)) {
    parts <- sapply(second[[g]], function(f) paste0("(", paste0("l_", model[[f]], collapse = "+"), ")"))
    general <- paste0("(", paste0(parts, "*b_", second[[g]], collapse = "+"), ")^2")
    special <- paste0(parts, "^2", collapse = "+")
    errors <- paste0("e_", unlist(model[second[[g]]]), collapse = "+")
    defined <- c(defined, paste0("hier:=", general, "/(", general, "+", special, "+", errors, ")"))
  }
  f <- cfa(paste(c(text, defined), collapse = "\n"), frame, std.lv = TRUE)
  d <- subset(parameterEstimates(f), op == ":="); rownames(d) <- d$lhs
  rel <- suppressWarnings(semTools::reliability(f))
  # Standard errors of correlations: the standardised solution of the model of correlated factors.
  est <- lavInspect(f, "est"); std <- lavInspect(f, "std"); first <- names(model)
  R <- cov2cor(lavInspect(f, "cov.lv")[first, first])
  rows_of <- lapply(first, function(k) {
    o <- d[paste0("omega_", k), ]; a <- d[paste0("ave_", k), ]
    l <- std$lambda[model[[k]], k]; r <- abs(R[k, setdiff(first, k)])
    i <- logit_ends(o$est, o$se); j <- logit_ends(a$est, a$se)
    list(term = k, estimate = o$est, std_error = o$se, conf_low = i[1], conf_high = i[2], n = nobs(f),
         omega_observed = unname(rel["omega3", k]),
         composite_reliability = sum(l)^2 / (sum(l)^2 + sum(1 - l^2)), ave = a$est, ave_error = a$se,
         ave_low = j[1], ave_high = j[2], items = length(l), largest_correlation = max(r),
         nearest = names(which.max(r)), distinct = sqrt(a$est) > max(r))
  })
  pair_rows <- list()
  ave <- d[paste0("ave_", first), "est"]; names(ave) <- first
  for (i in seq_along(first)) for (j in seq_along(first)) if (i < j) {
    a <- first[i]; b <- first[j]
    if (is.null(second)) {
      p <- subset(parameterEstimates(f), op == "~~" & lhs == a & rhs == b); x <- p$est; se <- p$se
    } else {
      x <- R[a, b]
      bs <- coef(f)[paste0("b_", c(a, b))]; V <- vcov(f)[paste0("b_", c(a, b)), paste0("b_", c(a, b))]
      r <- function(b) prod(b / sqrt(1 + b^2)); slope <- (1 / (bs * (1 + bs^2))) * r(bs)
      se <- sqrt(drop(t(slope) %*% V %*% slope))
    }
    k <- fisher_ends(x, se)
    pair_rows <- c(pair_rows, list(list(term = a, group = b, estimate = unname(x), std_error = unname(se),
      conf_low = unname(k[1]), conf_high = unname(k[2]), n = nobs(f), root_ave_term = sqrt(ave[[a]]),
      root_ave_group = sqrt(ave[[b]]), distinct = min(sqrt(ave[[a]]), sqrt(ave[[b]])) > abs(unname(x)))))
  }
  hierarchical <- list()
  if (!is.null(second)) {
    L2 <- suppressWarnings(semTools::reliabilityL2(f, g)); h <- d["hier", ]; i <- logit_ends(h$est, h$se)
    Sigma <- lavInspect(f, "implied")$cov; S <- lavInspect(f, "sampstat")$cov
    stopifnot(all.equal(h$est, unname(L2["omegaL1"]), tolerance = 1e-6))
    hierarchical <- list(list(term = g, estimate = h$est, std_error = h$se, conf_low = i[1], conf_high = i[2],
      n = nobs(f), omega_observed = h$est * sum(Sigma) / sum(S), omega_total = 1 - sum(est$theta) / sum(Sigma),
      omega_factors = unname(L2["omegaL2"]), items = length(unlist(model))))
  }
  options <- list(model = model); if (!is.null(second)) options$second_order <- second
  write_golden(golden_of("factor_reliability", source, data, "psychometrics_validity.R",
    c("lavaan", "semTools", "jsonlite"), list(estimates = 1e-4, std_error = 1e-3),
    "functions of estimates by another optimiser", options,
    list(estimates = rows_of, pairs = pair_rows, hierarchical = hierarchical, n = nobs(f), estimator = "ml",
         confidence_level = 0.95)), file)
}
hs_file <- "data/psychometrics_holzinger.csv"; sq_file <- "data/servqual.csv"
hs_source <- "lavaan::HolzingerSwineford1939, x1 to x9"; sq_source <- "synthetic, see servqual_gaps"
reliability_golden("psychometrics_reliability_holzinger.json", hs_file, hs_source, hs, holzinger_model)
reliability_golden("psychometrics_reliability_holzinger_second_order.json", hs_file, hs_source, hs, holzinger_model,
                   list(g = names(holzinger_model)))
reliability_golden("psychometrics_reliability_servqual.json", sq_file, sq_source, sq, servqual_model)
reliability_golden("psychometrics_reliability_servqual_second_order.json", sq_file, sq_source, sq, servqual_model,
                   list(SQ = names(servqual_model)))

htmt_golden <- function(file, data, source, frame, model, B, indices_file) {
  items <- unlist(model, use.names = FALSE); x <- frame[, items]; k <- names(model); text <- lavaan_text(model)
  ratios <- function(x) {
    R <- abs(cor(x)); diag(R) <- NA; out1 <- out2 <- c()
    for (i in seq_along(k)) for (j in seq_along(k)) if (i < j) {
      a <- model[[k[i]]]; b <- model[[k[j]]]
      u <- function(M) M[upper.tri(M)]
      out1 <- c(out1, mean(R[a, b]) / sqrt(mean(u(R[a, a])) * mean(u(R[b, b]))))
      gm <- function(v) exp(mean(log(v)))
      out2 <- c(out2, gm(R[a, b]) / sqrt(gm(u(R[a, a])) * gm(u(R[b, b]))))
    }
    c(out1, out2)
  }
  one <- unclass(semTools::htmt(text, x, htmt2 = FALSE))[k, k]; two <- unclass(semTools::htmt(text, x, htmt2 = TRUE))[k, k]
  est <- ratios(x); m <- length(est) / 2
  stopifnot(all.equal(est[1:m], t(one)[lower.tri(one)], check.attributes = FALSE, tolerance = 1e-6))
  set.seed(11); b <- boot(x, function(d, i) ratios(d[i, ]), R = B)
  write.table(boot.array(b, indices = TRUE) - 1, gzfile(file.path("..", "data", indices_file)), sep = ",",
              row.names = FALSE, col.names = FALSE)
  ends <- sapply(seq_along(est), function(i) boot.ci(b, type = "perc", index = i)$percent[4:5])
  se <- apply(b$t, 2, sd); r <- 0; out <- list()
  for (i in seq_along(k)) for (j in seq_along(k)) if (i < j) {
    r <- r + 1
    out <- c(out, list(list(term = k[i], group = k[j], estimate = est[r], std_error = se[r], conf_low = ends[1, r],
      conf_high = ends[2, r], n = nrow(x), htmt2 = est[m + r], htmt2_error = se[m + r], htmt2_low = ends[1, m + r],
      htmt2_high = ends[2, m + r], distinct = ends[2, r] < 0.85)))
  }
  square <- function(v) { M <- diag(length(k)); M[lower.tri(M)] <- v; rows(M + t(M) - diag(length(k))) }
  golden <- golden_of("htmt", source, data, "psychometrics_validity.R", c("semTools", "boot", "jsonlite"),
    list(rtol = 1e-9), "closed form on the same replicates (semTools itself: 1e-6, it goes through lavCor)",
    list(model = model), list(estimates = out, matrix = square(est[1:m]), matrix2 = square(est[-(1:m)]), scales = I(k),
      cutoff = 0.85, interval = "percentile", n_boot = B, n = nrow(x), n_asked = nrow(x), confidence_level = 0.95,
      weights = "", notes = I(character())), list(seed = "R draws with another generator; its indices are given"))
  golden$indices <- paste0("data/", indices_file)
  write_golden(golden, file)
}
htmt_golden("psychometrics_htmt_holzinger.json", hs_file, hs_source, hs, holzinger_model, 199,
            "psychometrics_htmt_holzinger_indices.csv.gz")
htmt_golden("psychometrics_htmt_servqual.json", sq_file, sq_source, sq, servqual_model, 199,
            "psychometrics_htmt_servqual_indices.csv.gz")
