# Linear, binary and ordinal driver models, with and without a survey design.
source("_common.R")
suppressPackageStartupMessages({library(survey); library(MASS)})
data_of <- function(name) read.csv(file.path("..", "data", paste0("drivers_models_", name, ".csv")))
with_versions <- function() made_with("drivers_models_regression.R", "survey", "MASS", "jsonlite")
rows <- function(b, v, df, names = names(b), level = 0.95) {
  se <- sqrt(diag(as.matrix(v))); t <- b / se
  q <- if (is.infinite(df)) qnorm((1 + level) / 2) else qt((1 + level) / 2, df)
  p <- if (is.infinite(df)) 2 * pnorm(-abs(t)) else 2 * pt(-abs(t), df)
  data.frame(term = names, estimate = unname(b), std_error = unname(se), statistic = unname(t),
             df = if (is.infinite(df)) NA else df, p_value = unname(p),
             conf_low = unname(b - q * se), conf_high = unname(b + q * se))
}

# --- linear, classical: every field ------------------------------------------------------------
d <- data_of("attitude"); drivers <- names(d)[-1]
m <- lm(rating ~ ., d); s <- summary(m); k <- length(coef(m))
est <- rows(coef(m), vcov(m), m$df.residual, c("(intercept)", drivers))
est$p_adjusted <- c(NA, p.adjust(est$p_value[-1], "holm"))
est$group <- c("intercept", rep("driver", 6)); est$driver <- c("", drivers); est$n <- nrow(d)
est$standardized <- c(NA, unname(coef(m)[-1] * sapply(d[drivers], sd) / sd(d$rating)))
est$correlation <- c(NA, unname(cor(d)[drivers, "rating"]))
est$sign <- c("", ifelse(coef(m)[-1] * est$correlation[-1] < 0, "changes", ifelse(coef(m)[-1] < 0, "negative", "")))
drop <- drop1(m, test = "F")
blocks <- data.frame(term = c(drivers, "all_drivers"), statistic = c(drop$"F value"[-1], s$fstatistic[1]),
                     df = c(rep(1, 6), 6), df_denominator = m$df.residual,
                     p_value = c(drop$"Pr(>F)"[-1], pf(s$fstatistic[1], 6, 23, lower.tail = FALSE)), n = 30)
blocks$p_adjusted <- c(p.adjust(blocks$p_value[1:6], "holm"), NA)
write_golden(list(
  result = "driver_model", source = "R datasets::attitude, 30 departments", data = "data/drivers_models_attitude.csv",
  made_with = with_versions(),
  tolerance = list(rtol = 1e-10, why = "closed form: same arithmetic"),
  options = list(outcome = "rating", drivers = drivers, kind = "linear", std_errors = "classical"),
  values = list(estimates = est, blocks = blocks,
    available = data.frame(term = drivers, n_answered = 30, n_missing = 0, n_used = 30),
    covariance = unname(vcov(m)), outcome = "rating", drivers = drivers, controls = list(), model = "linear",
    classes = list(), class_values = list(), levels = setNames(list(), character()), n = 30, n_asked = 30,
    r2 = s$r.squared, r2_adjusted = s$adj.r.squared, sigma = s$sigma,
    log_likelihood = as.numeric(logLik(m)), aic = AIC(m), std_errors = "classical", weights = "",
    clusters = "", strata = "", population = "", confidence_level = 0.95, p_adjust = "holm", folds = 10, seed = 1),
  not_covered = list(r2_nagelkerke = "not defined for a linear model; see drivers_models_binary.json",
    r2_cv = "depends on the seeded folds; tests compare it with a loop over statsmodels fits")
), "drivers_models_attitude.json")

# --- survey designs ------------------------------------------------------------------------------
d <- data_of("stays"); d$top <- as.integer(d$overall >= 5)
full <- svydesign(id = ~hotel, strata = ~stratum, weights = ~weight, fpc = ~population, data = d)
nofpc <- svydesign(id = ~hotel, strata = ~stratum, weights = ~weight, data = d)
f <- overall ~ room + staff + price + trip + room:price
case <- function(m, design, options, tests = list()) {
  e <- rows(coef(m), vcov(m), m$df.residual, c("(intercept)", "room", "staff", "price", "trip[couple]", "trip[family]", "room:price"))
  list(options = options, estimates = e, tests = if (length(tests)) tests else setNames(list(), character()))
}
wald <- function(m, term) { t <- regTermTest(m, term); list(statistic = as.numeric(t$Ftest), df = as.numeric(t$df), df_denominator = as.numeric(t$ddf), p_value = as.numeric(t$p)) }
m1 <- svyglm(f, full); m2 <- svyglm(f, nofpc)
top <- update(f, top ~ .)
m3 <- svyglm(top, full, family = quasibinomial(), control = glm.control(epsilon = 1e-15, maxit = 100))
d$class <- factor(ifelse(d$recommend <= 6, "detractor", ifelse(d$recommend <= 8, "passive", "promoter")), ordered = TRUE)
full <- svydesign(id = ~hotel, strata = ~stratum, weights = ~weight, fpc = ~population, data = d)
m4 <- svyolr(class ~ room + staff + price, full, control = list(reltol = 1e-16, maxit = 2000))
e4 <- rows(c(m4$coefficients, m4$zeta), m4$var, Inf, c("room", "staff", "price", names(m4$zeta)))
write_golden(list(
  source = "synthetic stays, 300 respondents in 30 hotels and 3 strata, some answers missing",
  data = "data/drivers_models_stays.csv", made_with = with_versions(),
  tolerance = list(rtol = 1e-9, why = "closed form; p values of 1e-12 lose digits",
                   rtol_binary = 1e-8, why_binary = "glm stops on the change of the deviance, which is flat at the root",
                   rtol_ordinal = 1e-4, rtol_ordinal_se = 1e-3, why_ordinal = "svyolr stops optim() on the log-likelihood"),
  linear = case(m1, full, list(population = "population"), list(trip = wald(m1, ~trip), room = wald(m1, ~room))),
  linear_without_population = case(m2, nofpc, list()),
  binary = case(m3, full, list(population = "population"), list(trip = wald(m3, ~trip))),
  ordinal = list(estimates = e4, degf = degf(full))
), "drivers_models_survey.json")

# --- ordinal without a design ----------------------------------------------------------------------
h <- MASS::housing; write.csv(h, "../data/drivers_models_housing.csv", row.names = FALSE)
long <- h[rep(seq_len(nrow(h)), h$Freq), 1:4]
p1 <- polr(Sat ~ Infl + Type + Cont, data = long, Hess = TRUE, control = list(reltol = 1e-16, maxit = 2000))
p0 <- polr(Sat ~ 1, data = long); n <- nrow(long)
own <- as.numeric(logLik(p1)); null <- as.numeric(logLik(p0))
write_golden(list(
  result = "driver_model", source = "MASS::housing, 1681 residents of Copenhagen", data = "data/drivers_models_housing.csv",
  made_with = with_versions(),
  tolerance = list(rtol = 1e-4, rtol_se = 1e-3, why = "polr stops optim() on the log-likelihood, ours is Newton's to 1e-20"),
  options = list(outcome = "Sat", drivers = c("Infl", "Type", "Cont"), std_errors = "classical"),
  values = list(
    estimates = rows(c(p1$coefficients, p1$zeta), vcov(p1), Inf,
      c("Infl[Medium]", "Infl[High]", "Type[Apartment]", "Type[Atrium]", "Type[Terrace]", "Cont[High]", names(p1$zeta))),
    model = "ordinal", classes = c("Low", "Medium", "High"), n = n, log_likelihood = own, aic = AIC(p1),
    r2 = 1 - own / null, r2_adjusted = 1 - (own - 6) / null,
    r2_nagelkerke = (1 - exp(2 / n * (null - own))) / (1 - exp(2 / n * null)))
), "drivers_models_ordinal.json")

# --- binary without a design, HC by hand from glm's own parts ----------------------------------------
g <- glm(top ~ room + staff + trip, binomial, d, control = glm.control(epsilon = 1e-15, maxit = 100))
X <- model.matrix(g); r <- residuals(g, "response"); hh <- hatvalues(g); n <- nobs(g); k <- ncol(X)
bread <- summary(g)$cov.unscaled
sandwich_of <- function(u) bread %*% crossprod(X * u) %*% bread
hc <- list(hc0 = r, hc1 = r * sqrt(n / (n - k)), hc2 = r / sqrt(1 - hh), hc3 = r / (1 - hh), hc4 = r / (1 - hh)^(pmin(4, n * hh / k) / 2))
own <- as.numeric(logLik(g)); null <- -g$null.deviance / 2
sums <- rowsum(X * r, d$hotel[!is.na(d$staff)]); G <- nrow(sums)
cl <- G / (G - 1) * (n - 1) / (n - k) * bread %*% crossprod(sums) %*% bread
l <- lm(overall ~ room + staff + trip, d); Xl <- model.matrix(l)
sl <- rowsum(Xl * residuals(l), d$hotel[!is.na(d$staff)]); bl <- summary(l)$cov.unscaled
cll <- G / (G - 1) * (n - 1) / (n - k) * bl %*% crossprod(sl) %*% bl
write_golden(list(
  result = "driver_model", source = "synthetic stays", data = "data/drivers_models_stays.csv", made_with = with_versions(),
  tolerance = list(rtol = 1e-8, why = "glm stops on the change of the deviance, which is flat at the root"),
  options = list(outcome = "overall", top_box = 5, drivers = c("room", "staff", "trip"), std_errors = "classical"),
  values = list(estimates = rows(coef(g), vcov(g), Inf, c("(intercept)", "room", "staff", "trip[couple]", "trip[family]")),
    n = n, r2 = 1 - own / null, r2_adjusted = 1 - (own - 4) / null, log_likelihood = own, aic = AIC(g),
    r2_nagelkerke = (1 - exp(2 / n * (null - own))) / (1 - exp(2 / n * null))),
  std_errors = lapply(hc, function(u) unname(sqrt(diag(sandwich_of(u))))),
  cluster = list(binary = unname(sqrt(diag(cl))), linear = unname(sqrt(diag(cll))), clusters = G)
), "drivers_models_binary.json")
