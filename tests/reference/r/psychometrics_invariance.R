# Goldens of cxresearch.psychometrics.measurement_invariance: lavaan, groups in one model.
source("_psychometrics.R")
suppressPackageStartupMessages(library(lavaan))

rung_levels <- list(configural = "", metric = "loadings", scalar = c("loadings", "intercepts"),
                    strict = c("loadings", "intercepts", "residuals"))

invariance_golden <- function(file, data, source, group, groups, model, estimator, missing = "listwise",
                              freed = character()) {
  frame <- read.csv(file.path("..", data))
  frame <- frame[order(match(frame[[group]], groups)), ]
  fit <- function(equal, partial = "") cfa(lavaan_text(model), frame, group = group, estimator = estimator,
    std.lv = TRUE, missing = if (missing == "fiml") "fiml" else "listwise", group.equal = equal,
    group.partial = partial)
  fits <- lapply(rung_levels, fit)
  against <- c(configural = NA, metric = "configural", scalar = "metric", strict = "scalar")
  if (length(freed)) {
    partial <- paste0(freed, "~1")
    fits <- c(fits[1:3], list(partial_scalar = fit(rung_levels$scalar, partial), strict = fit(rung_levels$strict, partial)))
    against <- c(against[1:3], partial_scalar = "metric", strict = "partial_scalar")
  }
  robust <- estimator == "MLR"
  ladder <- do.call(rbind, lapply(names(fits), function(name) {
    f <- fits[[name]]; m <- fitMeasures(f)
    pick <- function(plain, scaled) unname(if (robust) m[[scaled]] else m[[plain]])
    index <- function(x) if (robust && missing == "listwise") m[[paste0(x, ".robust")]] else m[[x]]
    lrt <- if (is.na(against[[name]])) c(NA, NA, NA) else
      unlist(lavTestLRT(fits[[against[[name]]]], f)[2, c("Chisq diff", "Df diff", "Pr(>Chisq)")])
    data.frame(term = name, group = if (is.na(against[[name]])) "" else against[[name]],
      statistic = lrt[[1]], df = lrt[[2]], p_value = lrt[[3]], n = sum(nobs(f)),
      chi2 = pick("chisq", "chisq.scaled"), chi2_df = m[["df"]], chi2_p_value = pick("pvalue", "pvalue.scaled"),
      scaling = if (robust) m[["chisq.scaling.factor"]] else 1, cfi = index("cfi"), tli = index("tli"),
      rmsea = index("rmsea"), rmsea_low = index("rmsea.ci.lower"), rmsea_high = index("rmsea.ci.upper"),
      srmr = m[["srmr_bentler"]], aic = m[["aic"]], bic = m[["bic"]])
  }))
  ladder$change_cfi <- ladder$cfi - ladder$cfi[match(ladder$group, ladder$term)]
  ladder$change_rmsea <- ladder$rmsea - ladder$rmsea[match(ladder$group, ladder$term)]
  ladder$change_srmr <- ladder$srmr - ladder$srmr[match(ladder$group, ladder$term)]

  # Score tests of one equality at a time, all groups released together; unscaled, expected information.
  plain <- function(equal) cfa(lavaan_text(model), frame, group = group, std.lv = TRUE, group.equal = equal,
                               missing = if (missing == "fiml") "fiml" else "listwise", information = "expected")
  releases <- do.call(rbind, lapply(c(metric = "loading", scalar = "intercept"), function(kind) {
    f <- plain(rung_levels[[if (kind == "loading") "metric" else "scalar"]])
    pt <- parTable(f); equal <- pt[pt$op == "==", ]
    place <- match(equal$lhs, pt$plabel)
    keep <- which(pt$op[place] == if (kind == "loading") "=~" else "~1")
    label <- ifelse(pt$op[place] == "=~", pt$rhs[place], pt$lhs[place])
    do.call(rbind, lapply(unique(label[keep]), function(item) {
      which_ones <- keep[label[keep] == item]
      test <- lavTestScore(f, release = which_ones)$test
      data.frame(term = item, group = if (kind == "loading") pt$lhs[place][which_ones[1]] else "", parameter = kind,
                 statistic = test$X2, df = test$df, p_value = pchisq(test$X2, test$df, lower.tail = FALSE),
                 n = sum(nobs(f)))
    }))
  }))
  rownames(releases) <- NULL
  top <- fits[[if (length(freed)) "partial_scalar" else "scalar"]]
  pe <- parameterEstimates(top); pt <- parTable(top); V <- vcov(top)
  pairs <- combn(seq_along(groups), 2)
  means <- do.call(rbind, lapply(names(model), function(factor) do.call(rbind, lapply(seq_len(ncol(pairs)), function(k) {
    a <- pairs[1, k]; b <- pairs[2, k]
    at <- function(g) which(pt$lhs == factor & pt$op == "~1" & pt$group == g)
    value <- pt$est[at(b)] - pt$est[at(a)]
    # Without duplicates of constrained parameters vcov() still has a row each free parameter.
    contrast <- numeric(nrow(V)); contrast[pt$free[at(b)]] <- 1
    if (pt$free[at(a)] > 0) contrast[pt$free[at(a)]] <- -1
    error <- sqrt(drop(t(contrast) %*% V %*% contrast))
    data.frame(term = factor, group = groups[b], reference = groups[a], estimate = value, std_error = error,
      statistic = value / error, p_value = 2 * pnorm(-abs(value / error)), conf_low = value - qnorm(.975) * error,
      conf_high = value + qnorm(.975) * error,
      n = sum(unlist(lavInspect(top, "nobs"))[c(a, b)]))
  }))))
  means$p_adjusted <- p.adjust(means$p_value, "holm")
  values <- list(ladder = ladder, releases = releases, means = means,
    groups = data.frame(term = groups, n = unlist(lavInspect(top, "nobs")), n_asked = as.integer(table(frame[[group]])[groups])),
    freed = I(if (length(freed)) paste0("intercept:", freed) else character()), group = group, names = I(groups),
    items = I(unlist(model, use.names = FALSE)), factors = I(names(model)), estimator = tolower(estimator),
    missing = missing, confidence_level = 0.95, n = sum(unlist(lavInspect(top, "nobs"))), n_asked = nrow(frame))
  options <- list(model = model, group = group, reference = groups[1], estimator = tolower(estimator), missing = missing)
  if (length(freed)) options$partial <- I(freed)
  write_golden(golden_of("invariance", source, data, "psychometrics_invariance.R", c("lavaan", "jsonlite"),
    list(fit = 1e-5, estimates = 1e-4, std_error = 1e-3),
    "another optimiser with another stopping rule; differences of chi-square add both", options, values,
    list(verdict = "a coded rule, tested on its own", reasons = "a coded rule, tested on its own",
         searched = "lavaan does not search", notes = "codes of this package")), file)
}

schools <- c("Pasteur", "Grant-White")
hs <- "lavaan::HolzingerSwineford1939"
complete <- "data/psychometrics_holzinger_school.csv"; holes <- "data/psychometrics_holzinger_missing.csv"
invariance_golden("psychometrics_invariance_holzinger.json", complete, hs, "school", schools, holzinger_model, "ML",
                  freed = c("x3", "x7"))
invariance_golden("psychometrics_invariance_holzinger_mlr.json", complete, hs, "school", schools, holzinger_model, "MLR",
                  freed = c("x3", "x7"))
invariance_golden("psychometrics_invariance_holzinger_fiml.json", holes, hs, "school", schools, holzinger_model, "ML",
                  missing = "fiml", freed = c("x3", "x7"))
sq <- read.csv(file.path("..", "data", "servqual.csv"))
invariance_golden("psychometrics_invariance_servqual.json", "data/servqual.csv",
                  "synthetic, see servqual_gaps; perceptions P01 to P22 by segment", "segment", sort(unique(sq$segment)),
                  servqual_model, "MLR")
