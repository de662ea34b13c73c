# Partial pooling of estimates: metafor's rma() and blup(), and intervals over what tau may be.
source("_common.R")
suppressMessages(library(metafor))

bcg <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
sets <- list(
  bcg = list(yi = as.numeric(bcg$yi), vi = as.numeric(bcg$vi)),
  cells = list(yi = c(-0.84, -0.31, -1.27, -0.66), vi = c(0.09, 0.21, 0.16, 0.11)^2),
  small_cell = list(yi = c(0.48, 0.44, 0.12, 0.40, 0.95), vi = c(0.07, 0.06, 0.08, 0.05, 0.42)^2),
  chance = list(yi = c(0.36, 0.36, 0.43), vi = c(0.059, 0.055, 0.070)^2)
)
pooled <- function(set, method) {
  fit <- rma(set$yi, set$vi, method = method,
             control = list(tol = 1e-14, threshold = 1e-14, maxiter = 10000))
  own <- blup(fit)
  list(tau2 = fit$tau2, mean = as.numeric(fit$beta), mean_std_error = fit$se,
       pooled = own$pred, std_error = own$se, low = own$pi.lb, high = own$pi.ub,
       q = fit$QE, q_p_value = fit$QEp)
}
# Flat priors on tau (from 0 to the same end) and on the mean: quadrature and a root, no grid.
intervals <- function(set, level) {
  y <- set$yi; v <- set$vi
  widest <- 3 * sd(y) + 3 * sqrt(mean(v))
  height <- function(tau) sapply(tau, function(t) {
    w <- 1 / (v + t^2); m <- sum(w * y) / sum(w)
    -0.5 * (sum(log(v + t^2)) + log(sum(w)) + sum(w * (y - m)^2))
  })
  top <- max(height(seq(0, widest, length.out = 2000)))
  area <- function(f) integrate(f, 0, widest, rel.tol = 1e-11, subdivisions = 5000L)$value
  whole <- area(function(tau) exp(height(tau) - top))
  below <- function(x, g) area(function(tau) exp(height(tau) - top) * sapply(tau, function(t) {
    w <- 1 / (v + t^2); m <- sum(w * y) / sum(w); own <- t^2 / (t^2 + v[g])
    pnorm(x, m + own * (y[g] - m), sqrt((1 - own)^2 / sum(w) + own * v[g]))
  })) / whole
  end <- function(p, g) uniroot(function(x) below(x, g) - p, range(y) + c(-9, 9) * sqrt(max(v)),
                                tol = 1e-11)$root
  tail <- (1 - level) / 2
  list(low = sapply(seq_along(y), function(g) end(tail, g)),
       high = sapply(seq_along(y), function(g) end(1 - tail, g)))
}
made <- made_with("partial_pooling.R", "metafor")
values <- lapply(sets, function(set) {
  list(yi = set$yi, vi = set$vi, paule_mandel = pooled(set, "PM"), dersimonian_laird = pooled(set, "DL"),
       reml = pooled(set, "REML"), interval_95 = intervals(set, 0.95), interval_80 = intervals(set, 0.80))
})
write_golden(list(
  result = "partial_pooling",
  source = "metafor::rma() by PM, DL and REML, metafor::blup(); intervals by integrate() and uniroot()",
  versions = made$r_version, packages = made$packages, date = made$date, script = made$script,
  tolerance = list(rtol = 1e-6, intervals = 1e-5),
  why = "tau2 is a root that metafor stops at its own threshold; intervals: steps of tau against adaptive quadrature",
  values = values, not_covered = setNames(list(), character(0))
), "partial_pooling.json")
