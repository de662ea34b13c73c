# Group-sequential bounds, repeated and final inference: rpact one-sided, mvtnorm two-sided;
# the mixture test from its formula.
source("_common.R")
suppressPackageStartupMessages({library(rpact); library(mvtnorm)})
VERSIONS <- list(R = paste(R.version$major, R.version$minor, sep = "."),
                 rpact = as.character(packageVersion("rpact")),
                 mvtnorm = as.character(packageVersion("mvtnorm")))
golden <- function(result, source, tolerance, why, values, not_covered, file) {
  write_golden(list(result = result, source = source, versions = VERSIONS,
                    date = "2026-11-22", script = "r/peak_end_sequential.R",
                    tolerance = tolerance, why = why, values = values,
                    not_covered = not_covered), file)
}
option <- "an option, returned as given; tests/peak_end checks it"

# bounds
bounds_of <- function(fractions, alpha, sided, type) {
  d <- getDesignGroupSequential(kMax = length(fractions), alpha = alpha, sided = sided,
    typeOfDesign = type, informationRates = fractions, twoSidedPower = FALSE, tolerance = 1e-10)
  data.frame(fraction = fractions, estimate = d$criticalValues,
             p_nominal = sided * pnorm(-d$criticalValues), spent = d$alphaSpent)
}
equal <- (1:5) / 5
uneven <- c(0.3, 0.45, 0.9, 1)
bounds <- list(
  obrien_fleming_two_sided = bounds_of(equal, 0.05, 2, "asOF"),
  pocock_two_sided = bounds_of(equal, 0.05, 2, "asP"),
  obrien_fleming_greater = bounds_of(uneven, 0.025, 1, "asOF"),
  pocock_greater = bounds_of(uneven, 0.1, 1, "asP"))
golden("sequential_bounds", "rpact, five equal and four unequal looks",
  list(atol = 2e-06), "rpact stops its search for a bound at about 1e-6; ours goes on to 1e-12",
  list(bounds = bounds),
  list(spending = option, alternative = option, confidence_level = option,
       n = "number of looks; tests/peak_end checks it"), "peak_end_sequential_bounds.json")

# one-sided, means of two groups with known spread: rpact
design <- getDesignGroupSequential(kMax = 3, alpha = 0.025, sided = 1, typeOfDesign = "asOF",
                                   informationRates = c(0.4, 0.7, 1), tolerance = 1e-10)
data <- getDataset(n1 = c(40, 30, 30), n2 = c(40, 30, 30), means1 = c(6.1, 6.5, 6.3),
                   means2 = c(5.8, 5.7, 5.9), stDevs1 = c(1.4, 1.5, 1.3), stDevs2 = c(1.5, 1.4, 1.6))
stages <- getStageResults(design, data, normalApproximation = TRUE, equalVariances = TRUE)
estimate <- stages$overallMeans1 - stages$overallMeans2
n1 <- cumsum(c(40, 30, 30))
error <- estimate / qnorm(1 - stages$overallPValues)
invisible(setLogLevel("DISABLED"))
repeated <- getRepeatedConfidenceIntervals(design, data, normalApproximation = TRUE)
p_repeated <- getRepeatedPValues(stages)
final <- getFinalConfidenceInterval(design, data, normalApproximation = TRUE)
p_final <- getFinalPValue(stages)
crossed <- qnorm(1 - stages$overallPValues) >= design$criticalValues
rpact_values <- list(
  looks = data.frame(estimate = estimate, std_error = error, fraction = c(0.4, 0.7, 1),
                     bound = design$criticalValues, p_adjusted = p_repeated,
                     conf_low = repeated[1, ], crossed = crossed),
  final = list(estimate = final$medianUnbiased, conf_low = final$finalConfidenceInterval[1],
               p_value = p_final$pFinal, stage = final$finalStage))

# two-sided, four looks, the third crosses: multivariate normal probabilities (Miwa, TVPACK)
t <- c(0.25, 0.5, 0.75, 1)
two <- list(estimate = c(0.9, 0.62, 0.71), std_error = c(0.50, 0.36, 0.27))
corr <- function(k) { s <- outer(1:k, 1:k, function(i, j) sqrt(pmin(t[i], t[j]) / pmax(t[i], t[j]))); s }
prob <- function(lower, upper, drift, k) {
  mean <- drift * sqrt(t[1:k])
  if (k == 1) return(pnorm(upper - mean) - pnorm(lower - mean))
  if (k == 2) {  # TVPACK takes semi-infinite boxes only: corners of the rectangle
    S <- corr(2); lo <- lower - mean; hi <- upper - mean
    F <- function(a, b) as.numeric(pmvnorm(upper = pmin(c(a, b), 40), corr = S, algorithm = TVPACK(1e-12)))
    return(F(hi[1], hi[2]) - F(lo[1], hi[2]) - F(hi[1], lo[2]) + F(lo[1], lo[2]))
  }
  S <- corr(3); lo <- lower - mean; hi <- upper - mean; total <- 0
  for (i in 0:7) {
    pick <- bitwAnd(i, c(1, 2, 4)) > 0
    corner <- ifelse(pick, lo, hi)
    total <- total + (-1)^sum(pick) *
      if (any(corner == -Inf)) 0 else as.numeric(pmvnorm(upper = pmin(corner, 40), corr = S, algorithm = TVPACK(1e-12)))
  }
  total
}
obf <- function(t, a) 2 - 2 * pnorm(qnorm(1 - a / 2) / sqrt(t))
bound_for <- function(alpha, looks) {
  own <- alpha / 2; b <- c(); before <- 0
  for (k in 1:looks) {
    until <- obf(t[k], own)
    f <- function(x) log(max(prob(c(if (k > 1) -b, x), c(b, Inf), 0, k), 1e-18)) - log(until - before)
    b <- c(b, uniroot(f, c(0.1, 7), tol = 1e-12)$root); before <- until
  }
  b
}
b <- bound_for(0.05, 3)
z <- two$estimate / two$std_error
tail_of <- function(drift, k) {
  higher <- 0
  if (k > 1) for (i in 1:(k - 1)) higher <- higher + prob(c(if (i > 1) -b[1:(i - 1)], b[i]), c(if (i > 1) b[1:(i - 1)], Inf), drift, i)
  higher + prob(c(if (k > 1) -b[1:(k - 1)], z[k]), c(if (k > 1) b[1:(k - 1)], Inf), drift, k)
}
k <- 3
up <- tail_of(0, k)
drift_at <- function(level) uniroot(function(d) tail_of(d, k) - level, c(-3, 8), tol = 1e-11)$root
scale <- two$std_error[k] * sqrt(t[k])
p_rep <- sapply(2:3, function(k) uniroot(function(a) bound_for(a, k)[k] - abs(z[k]), c(2e-3, 0.6), tol = 1e-11)$root)
two_values <- list(
  looks = data.frame(estimate = two$estimate, std_error = two$std_error, fraction = t[1:3],
    statistic = z, p_value = 2 * pnorm(-abs(z)), bound = b, p_nominal = 2 * pnorm(-b),
    spent = 2 * obf(t[1:3], 0.025), conf_low = two$estimate - b * two$std_error,
    conf_high = two$estimate + b * two$std_error, crossed = abs(z) >= b),
  p_repeated = p_rep,
  final = list(estimate = scale * drift_at(0.5), conf_low = scale * drift_at(0.025),
               conf_high = scale * drift_at(0.975), p_value = 2 * min(up, 1 - up)))
golden("sequential", "rpact, one-sided, three looks; multivariate normal probabilities, two-sided",
  list(atol_rpact = 2e-05, atol = 1e-07), "rpact's root search stops early; TVPACK is good to about 1e-12 and a root of it to 1e-9",
  list(greater = rpact_values, two_sided = two_values,
       looks = "see greater and two_sided", final = "see greater and two_sided"),
  list(verdict = "follows from crossed; tests/peak_end checks it",
       stopped_at = "follows from crossed; tests/peak_end checks it",
       spending = option, alternative = option, confidence_level = option,
       n = "number of looks; tests/peak_end checks it",
       notes = "codes made by the package; tests/peak_end checks each"), "peak_end_sequential.json")

# always valid
a <- data.frame(estimate = c(0.9, 0.35, 0.62, 0.7), std_error = c(0.5, 0.36, 0.24, 0.18))
tau <- 0.4; v <- a$std_error^2
ratio <- sqrt(v / (v + tau^2)) * exp(tau^2 * a$estimate^2 / (2 * v * (v + tau^2)))
by_n <- {s2 <- 2.3; n <- 50; d <- 0.4   # the formula in n and sigma
  sqrt(s2 / (s2 + n * tau^2)) * exp(n^2 * tau^2 * d^2 / (2 * s2 * (s2 + n * tau^2)))}
mix <- integrate(function(th) dnorm(0.62, th, 0.24) * dnorm(th, 0, tau), -8, 8, rel.tol = 1e-12)$value / dnorm(0.62, 0, 0.24)
half <- sqrt(2 * v * (v + tau^2) / tau^2 * (log(1 / 0.05) + 0.5 * log((v + tau^2) / v)))
golden("always_valid", "the formula in R, the mixture also by numerical integration",
  list(rtol = 1e-10, mixture = 1e-9), "closed form",
  list(looks = cbind(a, bayes_factor = ratio, p_adjusted = cummin(pmin(1, 1 / ratio)),
         conf_low = cummax(a$estimate - half), conf_high = cummin(a$estimate + half)),
       tau = tau, mixture_third = mix, by_n = list(sigma2 = 2.3, n = 50, estimate = 0.4, bayes_factor = by_n)),
  list(stopped_at = "first p at or below the error rate; tests/peak_end checks it",
       confidence_level = option, n = "number of looks; tests/peak_end checks it"),
  "peak_end_always_valid.json")
