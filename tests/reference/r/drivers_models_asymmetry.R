# Penalty-reward contrasts, curvature, what-if, map, Kano and the not-used adjustment, in base R.
source("_common.R")
suppressPackageStartupMessages(library(MASS))
data_of <- function(name) read.csv(file.path("..", "data", paste0("drivers_models_", name, ".csv")))
versions <- function() made_with("drivers_models_asymmetry.R", "MASS", "jsonlite")
bare <- function(d) { rownames(d) <- NULL; d }
closed <- list(rtol = 1e-9, why = "closed forms; the slack is for p values near 0")

# --- penalty and reward ---------------------------------------------------------------------------
d <- data_of("prca"); att <- paste0("att", 1:4)
dummies <- do.call(cbind, lapply(att, function(a) cbind(as.integer(d[[a]] <= 3), as.integer(d[[a]] >= 6))))
m <- lm(d$Y ~ dummies); b <- coef(m)[-1]; V <- vcov(m)[-1, -1]; df <- m$df.residual
line <- function(w, term, group, n) {
  e <- sum(w * b); se <- sqrt(drop(t(w) %*% V %*% w)); q <- qt(.975, df)
  data.frame(term = term, group = group, estimate = e, std_error = se, statistic = e / se, df = df,
             p_value = 2 * pt(-abs(e / se), df), conf_low = e - q * se, conf_high = e + q * se, n = n)
}
unit <- function(i) replace(numeric(8), i, 1)
est <- do.call(rbind, lapply(1:4, function(j) rbind(
  line(unit(2 * j - 1), att[j], "penalty", sum(dummies[, 2 * j - 1])),
  line(unit(2 * j), att[j], "reward", sum(dummies[, 2 * j])),
  line(unit(c(2 * j - 1, 2 * j)), att[j], "asymmetry", nrow(d)))))
est$p_adjusted <- NA; a <- est$group == "asymmetry"; est$p_adjusted[a] <- p.adjust(est$p_value[a], "holm")
cls <- do.call(rbind, lapply(1:4, function(j) {
  p <- b[2 * j - 1]; r <- b[2 * j]; keep <- setdiff(1:8, c(2 * j - 1, 2 * j))
  F <- anova(lm(d$Y ~ dummies[, keep]), m)
  data.frame(term = att[j], range = abs(p) + abs(r), satisfaction_potential = abs(r) / (abs(p) + abs(r)),
             dissatisfaction_potential = abs(p) / (abs(p) + abs(r)), asymmetry_index = (abs(r) - abs(p)) / (abs(p) + abs(r)),
             range_statistic = F$F[2], range_df = 2, range_df_denominator = df, range_p = F$"Pr(>F)"[2], note = "")
}))
cls$range_p_adjusted <- p.adjust(cls$range_p, "holm")
cls$class <- c("basic", "excitement", "performance", "not_classifiable")
write_golden(list(
  result = "asymmetry", source = "synthetic, 600 respondents: att1 basic, att2 excitement, att3 both, att4 nothing",
  data = "data/drivers_models_prca.csv", made_with = versions(), tolerance = closed,
  options = list(outcome = "Y", drivers = att, low = 3, high = 6, std_errors = "classical"),
  values = list(estimates = bare(est), classes = bare(cls), r2 = summary(m)$r.squared, n = nrow(d), drivers = att, outcome = "Y",
    controls = list(), std_errors = "classical", weights = "", clusters = "", strata = "", p_adjust = "holm",
    confidence_level = .95, cut = 1 / 3, decision = .8, low = as.list(setNames(rep(3, 4), att)),
    high = as.list(setNames(rep(6, 4), att)), replicates = 1000, seed = 1),
  not_covered = list("classes.prob_*" = "bootstrap: a loop in the tests repeats it within 4 Monte-Carlo errors",
                     "classes.index_*" = "bootstrap, as above")
), "drivers_models_asymmetry.json")

# --- curvature -------------------------------------------------------------------------------------
knots <- unname(quantile(d$att1, c(.05, .35, .65, .95)))
straight <- lm(Y ~ att1 + att2 + att3 + att4, d)
ns1 <- lm(Y ~ splines::ns(att1, knots = knots[2:3], Boundary.knots = knots[c(1, 4)]) + att2 + att3 + att4, d)
F <- anova(straight, ns1); pivot <- median(d$att1)
broken <- lm(Y ~ att1 + pmax(att1 - pivot, 0) + att2 + att3 + att4, d); sb <- summary(broken)$coefficients[3, ]
at <- data.frame(att1 = 1:7, as.list(colMeans(d[, c("att2", "att3", "att4")])))
pr <- predict(ns1, at, interval = "confidence")
steps <- lm(Y ~ factor(att1) + att2 + att3 + att4, d); ps <- predict(steps, at, interval = "confidence")
ci <- confint(broken)[3, ]
write_golden(list(
  result = "response_shape", source = "as drivers_models_asymmetry.json", data = "data/drivers_models_prca.csv",
  made_with = versions(), tolerance = list(rtol = 1e-8, why = "two bases of one spline space"),
  options = list(outcome = "Y", drivers = att, std_errors = "classical", p_adjust = "none"),
  values = list(
    estimates = bare(data.frame(term = "att1", group = c("nonlinearity", "bend"),
      estimate = c((deviance(straight) - deviance(ns1)) / sum((d$Y - mean(d$Y))^2), sb[1]), std_error = c(NA, sb[2]),
      statistic = c(F$F[2], sb[3]), df = c(F$Df[2], broken$df.residual), p_value = c(F$"Pr(>F)"[2], sb[4]),
      conf_low = c(NA, ci[1]), conf_high = c(NA, ci[2]), n = 600, df_denominator = c(ns1$df.residual, NA), pivot = c(NA, pivot))),
    curve = data.frame(term = "att1", group = rep(c("spline", "step"), each = 7), value = 1:7,
      estimate = c(pr[, 1], ps[, 1]), conf_low = c(pr[, 2], ps[, 2]), conf_high = c(pr[, 3], ps[, 3]), n = as.numeric(table(d$att1))),
    shapes = data.frame(term = "att1", slope_below = coef(broken)[[2]], slope_above = coef(broken)[[2]] + coef(broken)[[3]], pivot = pivot),
    outcome = "Y", drivers = att, controls = list(), n = 600, std_errors = "classical", weights = "", clusters = "", strata = "",
    p_adjust = "none", confidence_level = .95)
), "drivers_models_shape.json")

# --- what if ------------------------------------------------------------------------------------------
s <- data_of("stays"); s <- s[complete.cases(s[c("room", "staff", "overall")]), ]
gain <- function(fun, theta, V, df) {  # central differences for the gradient
  g <- sapply(seq_along(theta), function(i) { h <- 1e-5 * max(1, abs(theta[i])); e <- replace(numeric(length(theta)), i, h)
    (fun(theta + e) - fun(theta - e)) / (2 * h) })
  est <- fun(theta); se <- sqrt(drop(t(g) %*% V %*% g)); q <- if (is.infinite(df)) qnorm(.975) else qt(.975, df)
  data.frame(estimate = est, std_error = se, conf_low = est - q * se, conf_high = est + q * se)
}
up <- pmin(s$room + 1, 7); lifted <- ifelse(s$staff <= 4, 6, s$staff)
X <- cbind(1, s$room, s$staff); Xu <- cbind(1, up, s$staff); Xl <- cbind(1, s$room, lifted)
lin <- lm(overall ~ room + staff, s)
top <- glm(I(overall >= 5) ~ room + staff, binomial, s, control = glm.control(epsilon = 1e-15))
cls <- factor(ifelse(s$recommend <= 6, 1, ifelse(s$recommend <= 8, 2, 3)), ordered = TRUE)
ord <- polr(cls ~ room + staff, s, Hess = TRUE, control = list(reltol = 1e-16, maxit = 2000))
nps <- function(x, th) { eta <- x[, -1] %*% th[1:2]; mean(100 * (1 - plogis(th[4] - eta)) - 100 * plogis(th[3] - eta)) }
f <- function(mean_of, x1, share = 1) function(th) share * (mean_of(x1, th) - mean_of(X, th))
ml <- function(x, th) mean(x %*% th); mb <- function(x, th) mean(plogis(x %*% th))
pair <- function(mean_of, th, V, df) rbind(gain(f(mean_of, Xu), th, V, df), gain(f(mean_of, Xl, .5), th, V, df))
write_golden(list(
  result = "what_if", source = "synthetic stays: room up by 1 (at most 7); half of staff <= 4 lifted to 6",
  data = "data/drivers_models_stays.csv", made_with = versions(),
  tolerance = list(rtol = 1e-7, why = "gradient by central differences in R",
                   rtol_ordinal = 2e-3, why_ordinal = "polr's optimiser and its numerical Hessian"),
  values = list(estimates = list(linear = pair(ml, coef(lin), vcov(lin), lin$df.residual), binary = pair(mb, coef(top), vcov(top), Inf),
    ordinal = pair(nps, c(ord$coefficients, ord$zeta), vcov(ord), Inf)),
    n = nrow(s), model = "linear, binary, ordinal", outcome = "overall, recommend", std_errors = "classical", confidence_level = .95, seed = 1),
  not_covered = list("estimates.prob_first" = "draws; a test compares it with the normal probability of two gains"),
  driver_after = c(mean(up), mean(s$staff + .5 * (lifted - s$staff)))
), "drivers_models_what_if.json")

# --- map ------------------------------------------------------------------------------------------------
set.seed(7); q <- data_of("stays")[1:60, c("room", "staff", "price", "pool", "weight")]; rated <- q[1:4]
B <- 200; n <- 60; idx <- matrix(sample(n, n * B, TRUE), B); imp <- c(room = .32, staff = .21, price = .08, pool = .1)
draws <- t(sapply(1:B, function(i) imp + rnorm(4, 0, .05)))
write.csv(idx - 1, "../data/drivers_models_map_indices.csv", row.names = FALSE)
write.csv(draws, "../data/drivers_models_map_importance.csv", row.names = FALSE)
wm <- function(r, w) sapply(r, function(x) weighted.mean(x, w, na.rm = TRUE))
perf <- wm(rated, q$weight)
reps <- t(sapply(1:B, function(i) wm(rated[idx[i, ], ], q$weight[idx[i, ]])))
right <- reps >= rowMeans(reps); above <- draws >= rowMeans(draws)
one <- function(j) { S <- cov(cbind(reps[, j], draws[, j])); e <- eigen(S); v <- e$vectors[, 1] * sign(e$vectors[1, 1])
  data.frame(term = names(imp)[j], performance = perf[j], importance = imp[j],
    prob_concentrate = mean(above[, j] & !right[, j]), prob_keep_up = mean(above[, j] & right[, j]),
    prob_low_priority = mean(!above[, j] & !right[, j]), prob_possible_overkill = mean(!above[, j] & right[, j]),
    ellipse_major = sqrt(e$values[1] * qchisq(.95, 2)), ellipse_minor = sqrt(e$values[2] * qchisq(.95, 2)),
    ellipse_angle = atan2(v[2], v[1]) * 180 / pi, ellipse_covariance = S[1, 2]) }
quart <- function(x, p) unname(quantile(x, p))
est <- rbind(
  data.frame(term = names(imp), group = "performance", estimate = unname(perf), std_error = apply(reps, 2, sd),
    conf_low = apply(reps, 2, quart, .025), conf_high = apply(reps, 2, quart, .975), n = colSums(!is.na(rated))),
  data.frame(term = names(imp), group = "importance", estimate = unname(imp), std_error = apply(draws, 2, sd),
    conf_low = apply(draws, 2, quart, .025), conf_high = apply(draws, 2, quart, .975), n = colSums(!is.na(rated))))
write_golden(list(
  result = "importance_performance", source = "first 60 synthetic stays, stored resamples", data = "data/drivers_models_stays.csv",
  made_with = versions(), tolerance = list(rtol = 1e-9, why = "same resamples, same arithmetic"),
  importance = as.list(imp),
  values = list(estimates = bare(est), positions = bare(do.call(rbind, lapply(1:4, one))), cut_performance = mean(perf), cut_importance = mean(imp),
    cuts = "mean", performance = "mean", importance_varies = TRUE, paired = TRUE, decision = .8, replicates = B, seed = 1,
    weights = "weight", clusters = "", strata = "", drivers = names(imp), n = n, confidence_level = .95)
), "drivers_models_map.json")

# --- Kano -------------------------------------------------------------------------------------------------
set.seed(3); n <- 150
k <- data.frame(wifi_yes = sample(1:5, n, TRUE, c(2, 5, 3, 1, .2)), wifi_no = sample(1:5, n, TRUE, c(.2, .5, 2, 3, 6)),
                spa_yes = sample(1:5, n, TRUE, c(6, 2, 2, .5, .2)), spa_no = sample(1:5, n, TRUE, c(.3, 1, 5, 4, 1)))
k$spa_no[c(4, 70)] <- NA
write.csv(k, "../data/drivers_models_kano.csv", row.names = FALSE, na = "")
tab <- matrix(c("Q","A","A","A","P", "R","I","I","I","M", "R","I","I","I","M", "R","I","I","I","M", "R","R","R","R","Q"), 5, byrow = TRUE)
kano <- function(term, f, g) { ok <- !is.na(f) & !is.na(g); z <- factor(tab[cbind(f[ok], g[ok])], c("M", "P", "A", "I", "R", "Q")); cnt <- table(z)
  good <- sum(cnt[c("M", "P", "A", "I")]); side <- function(group, x) { ci <- prop.test(x, good, correct = FALSE)$conf.int; p <- x / good
    s <- if (group == "better") 1 else -1; e <- sort(s * as.numeric(ci))
    data.frame(term = term, group = group, estimate = s * p, std_error = sqrt(p * (1 - p) / good), conf_low = e[1], conf_high = e[2], n = good) }
  list(rows = rbind(side("better", sum(cnt[c("A", "P")])), side("worse", sum(cnt[c("P", "M")]))),
       class = c(list(term = term, n = sum(ok), total_strength = sum(cnt[1:3]) / sum(ok)),
         as.list(setNames(as.numeric(cnt) / sum(ok), paste0("share_", c("must_be", "performance", "attractive", "indifferent", "reverse", "questionable")))))) }
w <- kano("wifi", k$wifi_yes, k$wifi_no); p <- kano("spa", k$spa_yes, k$spa_no)
write_golden(list(
  result = "kano", source = "synthetic, 150 respondents", data = "data/drivers_models_kano.csv", made_with = versions(),
  tolerance = list(rtol = 1e-10, why = "closed form"),
  values = list(estimates = bare(rbind(w$rows, p$rows)), classes = list(w$class, p$class), decision = .8, replicates = 2000, seed = 1,
                weights = "", confidence_level = .95),
  not_covered = list("classes.prob_*" = "bootstrap; tests compare it with the normal probability for two classes",
                     labels = "texts of the codebook, no numbers")
), "drivers_models_kano.json")

# --- touchpoints not used -----------------------------------------------------------------------------------
s <- data_of("stays"); away <- s$pool_used == 0
users_mean <- mean(s$pool, na.rm = TRUE)
s$pool_c <- ifelse(away, 0, s$pool - users_mean); s$not_used <- as.integer(away)
m <- lm(overall ~ room + staff + pool_c + not_used, s); l <- lm(overall ~ room + staff + pool, s)
tab <- function(m, group, terms, roles) { ct <- summary(m)$coefficients; ci <- confint(m)
  data.frame(term = terms, group = group, estimate = ct[, 1], std_error = ct[, 2], statistic = ct[, 3], df = m$df.residual,
             p_value = ct[, 4], conf_low = ci[, 1], conf_high = ci[, 2], n = nobs(m), role = roles) }
est <- rbind(tab(m, "not_used", c("(intercept)", "room", "staff", "pool", "pool[not used]"), c("intercept", rep("driver", 3), "not_used")),
             tab(l, "listwise", c("(intercept)", "room", "staff", "pool"), c("intercept", rep("driver", 3))))
est$p_adjusted <- NA
for (g in c("not_used", "listwise")) { i <- est$group == g & est$role == "driver"; est$p_adjusted[i] <- p.adjust(est$p_value[i], "holm") }
answered <- colSums(!is.na(s[c("room", "staff", "pool")]))
write_golden(list(
  result = "missing_answers", source = "synthetic stays: the pool was not used by many", data = "data/drivers_models_stays.csv",
  made_with = versions(), tolerance = closed,
  options = list(outcome = "overall", drivers = c("room", "staff", "pool"), treatment = "not_used", std_errors = "classical"),
  values = list(estimates = bare(est),
    available = data.frame(term = names(answered), n_answered = unname(answered), n_not_used = c(0, 0, sum(away)),
      n_missing = 300 - unname(answered) - c(0, 0, sum(away)), n_listwise = nobs(l), n_used = nobs(m)),
    fits = data.frame(group = c("not_used", "listwise"), n = c(nobs(m), nobs(l)), r2 = c(summary(m)$r.squared, summary(l)$r.squared)),
    treatment = "not_used", outcome = "overall", drivers = c("room", "staff", "pool"), controls = list(), model = "linear",
    n = nobs(m), n_asked = 300, imputations = 0, seed = 1, std_errors = "classical", weights = "", clusters = "", strata = "",
    p_adjust = "holm", confidence_level = .95, notes = list()),
  not_covered = list("estimates.riv, estimates.fmi, fits.r2_low" = "only for imputation, see drivers_models_pooling.json")
), "drivers_models_missing.json")
