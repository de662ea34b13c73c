# Goldens of difference_score_quality, response_surface, zone_of_tolerance and servperf.
source("_common.R")
suppressPackageStartupMessages({library(psych); library(sandwich); library(car); library(numDeriv)
                                library(survey); library(boot)})
script <- "servqual_gap_quality.R"
full <- read.csv("../data/servqual.csv")
zone <- read.csv("../data/servqual_zone.csv")
full_dims <- list(TAN = 1:4, REL = 5:9, RES = 10:13, ASS = 14:17, EMP = 18:22)
zone_dims <- list(TAN = 1:4, REL = 5:9, RES = 10:10)
name <- function(part, i) sprintf("%s%02d", part, i)
none <- setNames(list(), character())
R <- 20000

# ---- reliability of gaps ---------------------------------------------------------------------
wcov <- function(x, w) { n <- nrow(x); cov.wt(x, w / sum(w), method = "ML")$cov * n / (n - 1) }
raw_alpha <- function(S) if (ncol(S) > 1) suppressWarnings(psych::alpha(S, warnings = FALSE)$total$raw_alpha) else NA
alpha_of <- function(S) { k <- ncol(S); if (k > 1) k / (k - 1) * (1 - sum(diag(S)) / sum(S)) else NA }

pieces <- function(d, dims, shares, w, alpha = alpha_of) {
  part <- function(f) {
    items <- lapply(dims, f)
    block <- sapply(items, rowMeans); dim(block) <- c(nrow(d), length(dims))
    total <- as.numeric(block %*% shares)
    S <- wcov(cbind(block, total), w)
    v <- diag(S)
    # The alpha of a score made of dimensions is stratified.
    if (length(dims) == 1) list(score = total, v = unname(v[length(v)]), alpha = alpha(wcov(items[[1]], w)))
    else {
      own <- sapply(items, function(x) alpha(wcov(x, w)))
      list(score = total, v = unname(v[length(v)]), alpha = 1 - sum(shares^2 * v[seq_along(dims)] * (1 - own)) / unname(v[length(v)]))
    }
  }
  get <- function(p) function(i) as.matrix(d[name(p, i)])
  P <- part(get("P")); E <- part(get("E")); G <- part(function(i) get("P")(i) - get("E")(i))
  r <- wcov(cbind(P$score, E$score), w); r <- r[1, 2] / sqrt(r[1, 1] * r[2, 2])
  lord <- (P$v * P$alpha + E$v * E$alpha - 2 * r * sqrt(P$v * E$v)) / (P$v + E$v - 2 * r * sqrt(P$v * E$v))
  list(P = P, E = E, G = G, r = r, lord = lord)
}

scores <- function(d, dims) {
  one <- function(i) {
    p <- as.matrix(d[name("P", i)]); e <- as.matrix(d[name("E", i)]); ok <- !is.na(p) & !is.na(e)
    p[!ok] <- NA; e[!ok] <- NA; few <- rowSums(ok) < ceiling(length(i) / 2)
    out <- cbind(rowMeans(p, na.rm = TRUE), rowMeans(e, na.rm = TRUE)); out[few, ] <- NA; out
  }
  all <- lapply(dims, one)
  list(P = sapply(all, function(x) x[, 1]), E = sapply(all, function(x) x[, 2]))
}
quality_row <- function(d, dims, shares, w, term, level, seed) {
  keep <- complete.cases(d[c(name("P", unlist(dims)), name("E", unlist(dims)))])
  d <- d[keep, ]; w <- w[keep]
  x <- pieces(d, dims, shares, w, raw_alpha)
  single <- any(lengths(dims) < 2)
  ratio <- x$E$v / x$P$v; ceiling <- weighted.mean(rowMeans(d[name("E", unlist(dims))] == 7), w)
  base <- list(term = term, group = "all", estimate = x$lord, n = nrow(d), level = level,
    label = if (level == "overall") "overall" else paste("Text of", term), items = length(unlist(dims)),
    alpha_perception = x$P$alpha, alpha_expectation = x$E$alpha, alpha_gap = x$G$alpha,
    lord_equal = ((x$P$alpha + x$E$alpha) / 2 - x$r) / (1 - x$r), r = x$r, sd_perception = sqrt(x$P$v),
    sd_expectation = sqrt(x$E$v), sd_gap = sqrt(x$G$v), variance_ratio = ratio, ceiling = ceiling,
    r_gap_perception = cov.wt(cbind(x$G$score, x$P$score), w / sum(w), cor = TRUE)$cor[1, 2],
    r_if_unrelated = sqrt(x$P$v / (x$P$v + x$E$v)),
    warning = paste(c("ceiling", "restricted")[c(ceiling >= .5, ratio < .3)], collapse = "_"),
    note = if (single) "one_item" else "", std_error = NA, conf_low = NA, conf_high = NA)
  if (!single) {
    set.seed(seed)
    b <- boot(seq_len(nrow(d)), function(i, j) pieces(d[j, ], dims, shares, w[j])$lord, 2000)
    ci <- boot.ci(b, type = "perc")$percent[4:5]
    base$std_error <- sd(b$t); base$conf_low <- ci[1]; base$conf_high <- ci[2]
  }
  base
}

validity_row <- function(d, dims, shares, w, weighted, term, level, y, seed) {
  # The scores of the gap analysis: half the pairs of answers of a dimension suffice.
  s <- scores(d, dims); p <- as.numeric(s$P %*% shares); e <- as.numeric(s$E %*% shares)
  keep <- complete.cases(p, e, y)
  d <- data.frame(y = y)[keep, , drop = FALSE]; w <- w[keep]; n <- nrow(d)
  x <- list(P = list(score = p[keep]), G = list(score = (p - e)[keep]))
  cors <- function(j) cov.wt(cbind(d$y, x$P$score, x$G$score)[j, ], w[j] / sum(w[j]), cor = TRUE)$cor
  S <- cors(seq_len(n))
  set.seed(seed)
  b <- boot(seq_len(n), function(i, j) { s <- cors(j); s[1, 2] - s[1, 3] }, R / 4)
  ci <- boot.ci(b, type = "perc")$percent[4:5]
  test <- if (!weighted) { t <- psych::r.test(n, S[1, 2], S[1, 3], S[2, 3]); list(statistic = t$t, df = n - 3, p_value = t$p) }
          else list(statistic = NA, df = n - 1, p_value = NA)  # from the bootstrap error
  c(list(term = term, group = "all", estimate = S[1, 2] - S[1, 3], std_error = sd(b$t), conf_low = ci[1],
         conf_high = ci[2], n = n, label = if (level == "overall") "overall" else paste("Text of", term),
         r_perception = S[1, 2], r_gap = S[1, 3], r_between = S[2, 3], note = ""), test)
}

quality <- function(d, dims, file, weighted, overall, source) {
  w <- if (weighted) d$weight else rep(1, nrow(d))
  sizes <- lengths(dims)
  shares <- if (overall == "dimensions") rep(1 / length(dims), length(dims)) else sizes / sum(sizes)
  one <- function(f, ...) c(lapply(names(dims), function(D) f(d, dims[D], 1, w, ..., term = D, level = "dimension", seed = 1)),
                            list(f(d, dims, shares, w, ..., term = "overall", level = "overall", seed = 2)))
  estimates <- one(quality_row)
  validity <- one(validity_row, weighted = weighted, y = d$OSAT)
  p <- sapply(validity, `[[`, "p_value"); last <- length(p)
  adjusted <- if (weighted) rep(NA, last) else c(p.adjust(p[-last], "holm"), p[last])
  for (i in seq_along(validity)) validity[[i]]$p_adjusted <- adjusted[i]
  warn <- function(code) { hit <- sapply(estimates, function(e) grepl(code, e$warning)); sprintf("expectation_%s:%s", code, sapply(estimates, `[[`, "term")[hit]) }
  list(result = "gap_quality", source = source, data = paste0("data/", file),
    made_with = made_with(script, "psych", "boot", "jsonlite"),
    tolerance = list(rtol = 1e-9, resampled = 0.25, why = paste("closed forms: same arithmetic; standard errors and",
      "intervals of resamples differ by at most a quarter of the standard error: four Monte-Carlo errors of a 2.5% quantile")),
    options = list(outcome = "OSAT", overall = overall, weighted = weighted, n_boot = 4000, seed = 5),
    values = list(estimates = estimates, validity = validity, n = nrow(d), battery = "servqual", scale_high = 7,
      outcome = "OSAT", outcome_label = "Satisfaction", overall = overall, confidence_level = .95, weighted = weighted,
      notes = I(as.character(c(warn("ceiling"), warn("restricted"))))),
    not_covered = list(n_boot = "an option, checked by its effect", seed = "an option, checked by its effect"))
}
write_golden(quality(full, full_dims, "servqual.csv", FALSE, "items", "synthetic, 400 respondents, 22 items"), "gap_quality.json")
write_golden(quality(zone, zone_dims, "servqual_zone.csv", FALSE, "dimensions", "synthetic, 320 respondents, one dimension of one item"), "gap_quality_one_item.json")
write_golden(quality(full, full_dims, "servqual.csv", TRUE, "dimensions", "synthetic, 400 respondents, case weights"), "gap_quality_weighted.json")

# ---- response surface --------------------------------------------------------------------------
terms <- c(paste0("b", 0:5), paste0("a", 1:5), "x0", "y0", "p10", "p11", "p20", "p21")
shape <- function(b) {
  b <- unname(b); det <- 4 * b[4] * b[6] - b[5]^2
  x0 <- (b[3] * b[5] - 2 * b[2] * b[6]) / det; y0 <- (b[2] * b[5] - 2 * b[3] * b[4]) / det
  root <- sqrt((b[4] - b[6])^2 + b[5]^2); p11 <- (b[6] - b[4] + root) / b[5]; p21 <- (b[6] - b[4] - root) / b[5]
  c(b, b[2] + b[3], b[4] + b[5] + b[6], b[2] - b[3], b[4] - b[5] + b[6], b[4] - b[6], x0, y0,
    y0 - p11 * x0, p11, y0 - p21 * x0, p21)
}
surface <- function(d, dims, file, dimension, weighted, std_errors, source) {
  s <- scores(d, dims)
  d$P <- (if (dimension == "overall") rowMeans(s$P) else s$P[, dimension]) - 4
  d$E <- (if (dimension == "overall") rowMeans(s$E) else s$E[, dimension]) - 4
  d <- d[complete.cases(d[c("P", "E", "OSAT")]), ]; n <- nrow(d)
  d$w <- if (weighted) d$weight else 1
  polynomial <- OSAT ~ P + E + I(P^2) + I(P * E) + I(E^2)
  m <- lm(polynomial, d, weights = w); ml <- lm(OSAT ~ P + E, d, weights = w)
  mp <- lm(OSAT ~ P, d, weights = w); md <- lm(OSAT ~ I(P - E), d, weights = w)
  V <- function(model) if (std_errors == "classical") vcov(model) else vcovHC(model, type = "HC3")
  est <- shape(coef(m)); J <- jacobian(shape, coef(m)); se <- sqrt(diag(J %*% V(m) %*% t(J)))
  place <- rep(c(FALSE, TRUE), c(11, 6)); t <- est / se; half <- qt(.975, n - 6) * se
  set.seed(7)
  X <- model.matrix(m); y <- d$OSAT; w <- d$w
  b <- boot(seq_len(n), function(i, j) shape(lm.wfit(X[j, ], y[j], w[j])$coefficients), R / 4)
  ci <- t(sapply(seq_along(est), function(k) boot.ci(b, type = "perc", index = k)$percent[4:5]))
  rows <- lapply(seq_along(terms), function(k) list(term = terms[k], group = c("coefficient", "shape", "place")[1 + (k > 6) + (k > 11)],
    estimate = est[k], std_error = se[k], statistic = if (place[k]) NA else t[k], df = if (place[k]) NA else n - 6,
    p_value = if (place[k]) NA else 2 * pt(-abs(t[k]), n - 6), conf_low = est[k] - half[k], conf_high = est[k] + half[k],
    n = n, boot_low = ci[k, 1], boot_high = ci[k, 2]))
  L <- rbind(c(0, 1, 1, 0, 0, 0)); curved <- cbind(matrix(0, 3, 3), diag(3))
  test <- function(model, C) {
    h <- linearHypothesis(model, C, vcov. = V(model), test = "F")
    list(statistic = h$F[2], df = h$Df[2], df_denominator = h$Res.Df[2], p_value = h$`Pr(>F)`[2])
  }
  tests <- list(null_linear = test(ml, diag(3)[2:3, ]), null_surface = test(m, diag(6)[2:6, ]), difference_linear = test(ml, L[, 1:3, drop = FALSE]),
                difference_surface = test(m, rbind(L, curved)), linear_surface = test(m, curved))
  if (std_errors == "classical") stopifnot(all.equal(tests$difference_linear$statistic, anova(md, ml)$F[2]),
                                           all.equal(tests$difference_surface$statistic, anova(md, m)$F[2]))
  holm <- p.adjust(sapply(tests[3:4], `[[`, "p_value"), "holm")
  comparisons <- lapply(names(tests), function(k) c(list(term = k), tests[[k]], list(p_adjusted = if (k %in% names(holm)) unname(holm[k]) else NA, n = n)))
  fits <- list(difference = md, perception = mp, linear = ml, surface = m)
  aicc <- sapply(fits, function(f) { k <- length(coef(f)) + 1; -2 * as.numeric(logLik(f)) + 2 * k + 2 * k * (k + 1) / (n - k - 1) })
  if (weighted) aicc[] <- NA
  delta <- aicc - min(aicc); share <- exp(-delta / 2) / sum(exp(-delta / 2))
  models <- lapply(names(fits), function(k) list(term = k, n = n, predictors = length(coef(fits[[k]])) - 1,
    r2 = summary(fits[[k]])$r.squared, r2_adjusted = summary(fits[[k]])$adj.r.squared, aicc = unname(aicc[k]),
    delta_aicc = unname(delta[k]), aicc_weight = unname(share[k])))
  cells <- as.data.frame(table(perception = pmin(floor(d$P + 4 + 1e-9), 6), expectation = pmin(floor(d$E + 4 + 1e-9), 6)), stringsAsFactors = FALSE)
  cells <- cells[cells$Freq > 0, ]; cells <- cells[order(as.numeric(cells$perception), as.numeric(cells$expectation)), ]
  density <- lapply(seq_len(nrow(cells)), function(i) list(perception = as.numeric(cells$perception[i]), expectation = as.numeric(cells$expectation[i]),
    n = if (cells$Freq[i] < 3) NA else cells$Freq[i]))
  refuted <- any(holm < .05); related <- any(sapply(tests[1:2], `[[`, "p_value") < .05)
  H <- matrix(c(2 * est[4], est[5], est[5], 2 * est[6]), 2); roots <- eigen(H, symmetric = TRUE)$values
  list(result = "response_surface", source = source, data = paste0("data/", file),
    made_with = made_with(script, "sandwich", "car", "numDeriv", "boot", "jsonlite"),
    tolerance = list(rtol = 1e-7, resampled = 0.25, why = paste("closed forms; numDeriv's gradient of stationary point and axes is good to about 1e-9;",
      "intervals of resamples differ by at most a quarter of the bootstrap standard error, those of ratios are compared for the shape only")),
    options = list(outcome = "OSAT", dimension = dimension, weighted = weighted, std_errors = std_errors, n_boot = 4000, seed = 5),
    values = list(estimates = rows, comparisons = comparisons, models = models, density = density,
      verdict = if (refuted) "refuted" else if (related) "not_refuted" else "no_relation",
      stationary = if (all(roots < 0)) "maximum" else if (all(roots > 0)) "minimum" else "saddle", n = n, battery = "servqual",
      dimension = dimension, dimension_label = if (dimension == "overall") "overall" else paste("Text of", dimension),
      outcome = "OSAT", outcome_label = "Satisfaction", centre = 4, scale_low = 1, scale_high = 7, std_errors = std_errors,
      confidence_level = .95, weighted = weighted, notes = I(character())),
    not_covered = list(conditions = "rows of estimates held against 0 and 1, see the tests", congruence = "a code made from conditions, see the tests",
                       n_boot = "an option", seed = "an option"))
}
synthetic <- "synthetic, 320 respondents, the surface bends along P = -E"
write_golden(surface(zone, zone_dims, "servqual_zone.csv", "overall", FALSE, "classical", synthetic), "response_surface.json")
write_golden(surface(zone, zone_dims, "servqual_zone.csv", "REL", FALSE, "hc3", synthetic), "response_surface_hc3.json")
write_golden(surface(zone, zone_dims, "servqual_zone.csv", "overall", TRUE, "hc3", synthetic), "response_surface_weighted.json")

# ---- zone of tolerance ---------------------------------------------------------------------------
zone_scores <- function(d, dims) {
  part <- function(p) as.matrix(d[name(p, unlist(dims))])
  M <- part("M"); D <- part("D"); P <- part("P")
  wrong <- !is.na(M) & !is.na(D) & M > D
  ok <- !is.na(M) & !is.na(D) & !is.na(P) & !wrong
  add <- function(X) {
    X[!ok] <- NA
    by <- sapply(dims, function(i) { s <- rowMeans(X[, i, drop = FALSE], na.rm = TRUE); s[rowSums(ok[, i, drop = FALSE]) < ceiling(length(i) / 2)] <- NA; s })
    cbind(X, by, rowMeans(by))
  }
  counts <- sapply(dims, function(i) rowSums(wrong[, i, drop = FALSE]))
  list(M = add(M), D = add(D), P = add(P), wrong = cbind(wrong * 1, counts, rowSums(counts)))
}
zone_golden <- function(d, dims, weighted, hidden, min_cell) {
  s <- zone_scores(d, dims); k <- length(unlist(dims))
  names <- c(paste0("item_", 1:k), names(dims), "overall")
  level <- rep(c("item", "dimension", "overall"), c(k, length(dims), 1))
  belongs <- c(rep(names(dims), lengths(dims)), rep("", length(dims) + 1))
  label <- ifelse(level == "overall", "overall", paste("Text of", names))
  one <- function(t, inside, group, segment) {
    a <- s$P[, t] - s$M[, t]; u <- s$P[, t] - s$D[, t]; wd <- s$D[, t] - s$M[, t]
    code <- if (segment == "") NA else hidden[group]
    common <- list(term = names[t], group = group, level = level[t], label = label[t], dimension = belongs[t], segment = segment,
                   suppressed = !is.na(code), note = if (is.na(code)) "" else unname(code))
    full <- svydesign(ids = ~1, weights = if (weighted) d$weight else rep(1, nrow(d)), data = data.frame(a, u, wd, p = s$P[, t], m = s$M[, t], de = s$D[, t], inside))
    de <- subset(full, inside & !is.na(a)); n <- nrow(de); df <- n - 1
    mean_of <- function(v) {
      x <- de$variables[[v]]
      if (weighted) { f <- svymean(as.formula(paste0("~", v)), de); c(coef(f)[[1]], SE(f)[1]) } else c(mean(x), sd(x) / sqrt(n))
    }
    ratio <- if (weighted) { f <- svyratio(~a, ~wd, de); c(coef(f)[[1]], SE(f)[[1]]) }
             else { x <- de$variables; r <- mean(x$a) / mean(x$wd); c(r, sd((x$a - r * x$wd) / mean(x$wd)) / sqrt(n)) }
    values <- list(adequacy = mean_of("a"), superiority = mean_of("u"), width = mean_of("wd"), position = ratio)
    q <- qt(.975, df)
    rows <- lapply(names(values), function(measure) {
      v <- values[[measure]]; t <- v[1] / v[2]; tested <- measure %in% c("adequacy", "superiority")
      numbers <- list(estimate = v[1], std_error = v[2], statistic = if (tested) t else NA, df = df, p_value = if (tested) 2 * pt(-abs(t), df) else NA,
                      conf_low = v[1] - q * v[2], conf_high = v[1] + q * v[2], n = n)
      if (!is.na(code)) numbers[] <- NA
      c(common, list(measure = measure), numbers)
    })
    lo <- function(m) values[[m]][1] - q * values[[m]][2]; hi <- function(m) values[[m]][1] + q * values[[m]][2]
    zone <- if (hi("adequacy") < 0) "below" else if (lo("superiority") > 0) "above" else if (lo("adequacy") > 0 && hi("superiority") < 0) "within" else "not_decided"
    p <- mean_of("p")
    numbers <- list(n = n, minimum = mean_of("m")[1], desired = mean_of("de")[1], perception = p[1], perception_low = p[1] - q * p[2],
                    perception_high = p[1] + q * p[2], misordered = sum(s$wrong[inside, t]), no_width = sum(wd[inside] == 0, na.rm = TRUE))
    if (!is.na(code)) { numbers[] <- NA; zone <- "" }
    list(rows = rows, zone = c(common, numbers, list(zone = zone)))
  }
  adjust <- function(found) {
    rows <- unlist(lapply(found, `[[`, "rows"), recursive = FALSE)
    lv <- sapply(rows, `[[`, "level"); p <- sapply(rows, `[[`, "p_value")
    p[sapply(p, is.null)] <- NA; p <- as.numeric(p); adjusted <- p
    for (l in unique(lv)) adjusted[lv == l] <- p.adjust(p[lv == l], "holm")
    for (i in seq_along(rows)) rows[[i]]["p_adjusted"] <- list(adjusted[i])
    rows
  }
  all <- lapply(seq_along(names), one, inside = rep(TRUE, nrow(d)), group = "all", segment = "")
  groups <- c("East", "North", "South", "West")
  cells <- unlist(lapply(groups, function(g) lapply((k + 1):length(names), one, inside = d$region == g, group = g, segment = "region")), recursive = FALSE)
  list(result = "zone", source = "synthetic, 320 respondents, 39 answers with minimum above desired", data = "data/servqual_zone.csv",
    made_with = made_with(script, "survey", "jsonlite"), tolerance = list(rtol = 1e-9, why = "closed forms: same arithmetic"),
    options = list(segments = I("region"), min_cell = min_cell, weighted = weighted),
    values = list(estimates = c(adjust(all), adjust(cells)), zones = lapply(c(all, cells), `[[`, "zone"), n = nrow(d), battery = "servqual",
      scale_low = 1, scale_high = 7, confidence_level = .95, p_adjust = "holm", min_answered = .5, min_cell = min_cell, weighted = weighted,
      segments = I("region"), misordered = sum(s$wrong[, 1:k]), misordered_respondents = sum(rowSums(s$wrong[, 1:k]) > 0), notes = I(character())),
    not_covered = none)
}
hidden <- c(West = "suppressed", South = "suppressed_complementary")
write_golden(zone_golden(zone, zone_dims, FALSE, hidden, 12), "zone.json")
write_golden(zone_golden(zone, zone_dims, TRUE, hidden, 12), "zone_weighted.json")

# ---- SERVPERF ------------------------------------------------------------------------------------
perf <- function(d, dims, weighted, overall) {
  k <- length(unlist(dims)); P <- as.matrix(d[name("P", 1:k)]); E <- as.matrix(d[name("E", 1:k)]); W <- as.matrix(d[paste0("W_", names(dims))]) / 100
  by <- function(X) sapply(dims, function(i) rowMeans(X[, i, drop = FALSE])); sizes <- lengths(dims); n <- nrow(d)
  w <- if (weighted) d$weight else rep(1, n)
  mean_of <- function(x) {
    if (weighted) { m <- svymean(~x, svydesign(ids = ~1, weights = ~w, data = data.frame(x, w))); v <- c(coef(m)[[1]], SE(m)[1]) } else v <- c(mean(x), sd(x) / sqrt(n))
    list(estimate = v[1], std_error = v[2], conf_low = v[1] - qt(.975, n - 1) * v[2], conf_high = v[1] + qt(.975, n - 1) * v[2], n = n)
  }
  sd_of <- function(x) sqrt(cov.wt(cbind(x), w / sum(w), method = "ML")$cov[1, 1] * n / (n - 1))
  total <- if (overall == "items") rowMeans(P) else rowMeans(by(P))
  X <- cbind(P, by(P), total, rowSums(by(P) * W))
  term <- c(paste0("item_", 1:k), names(dims), "overall", "overall_weighted")
  level <- rep(c("item", "dimension", "overall"), c(k, length(dims), 2))
  rows <- lapply(seq_along(term), function(t) c(list(term = term[t], group = "all"), mean_of(X[, t]), list(level = level[t],
    label = if (level[t] == "overall") term[t] else paste("Text of", term[t]), dimension = if (t <= k) rep(names(dims), sizes)[t] else "", sd = sd_of(X[, t]), note = "")))
  ways <- function(X, group) {
    b <- by(X); m <- function(x) apply(x, 2, weighted.mean, w = w)
    # The product of means and the covariance by the delta method on all means at once.
    d2 <- length(dims); Z <- cbind(W, b, rowSums(W * b)); mu <- m(Z)
    f <- function(mu) sum(mu[1:d2] * mu[d2 + 1:d2]); g <- function(mu) mu[2 * d2 + 1] - f(mu)
    S <- if (weighted) { des <- svydesign(ids = ~1, weights = ~w, data = data.frame(Z, w)); vcov(svymean(as.formula(paste("~", paste(names(des$variables)[1:(2 * d2 + 1)], collapse = "+"))), des)) } else cov(Z) / n
    delta <- function(fun) { G <- grad(fun, mu); e <- fun(mu); s <- sqrt(as.numeric(t(G) %*% S %*% G)); e <- unname(e); list(estimate = e, std_error = s, conf_low = e - qt(.975, n - 1) * s, conf_high = e + qt(.975, n - 1) * s, n = n) }
    found <- list(over_dimensions = mean_of(rowMeans(b)), over_items = mean_of(rowMeans(X)), items_minus_dimensions = mean_of(rowMeans(X) - rowMeans(b)),
                  own_points = mean_of(rowSums(W * b)), mean_points = delta(f), covariance = delta(g))
    lapply(names(found), function(t) c(list(term = t, group = group), found[[t]]))
  }
  list(result = "servperf", source = "synthetic, 400 respondents, 22 items, five dimensions", data = "data/servqual.csv",
    made_with = made_with(script, "survey", "numDeriv", "jsonlite"), tolerance = list(rtol = 1e-8, why = "closed forms; numDeriv's gradient of a product is good to about 1e-11"),
    options = list(overall = overall, weighted = weighted),
    values = list(estimates = rows, overall = c(ways(P, "perception"), ways(P - E, "gap")), n = n, battery = "servqual", scale_low = 1, scale_high = 7,
      sizes = I(unname(sizes)), by = overall, confidence_level = .95, min_answered = .5, weighted = weighted, notes = I(character())), not_covered = none)
}
write_golden(perf(full, full_dims, FALSE, "dimensions"), "servperf.json")
write_golden(perf(full, full_dims, TRUE, "items"), "servperf_weighted.json")
