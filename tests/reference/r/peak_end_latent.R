# Level, slope, drift and noise of courses: nlme by maximum likelihood; the expected latent course
# by the formula of the conditional normal distribution.
source("_common.R")
suppressPackageStartupMessages(library(nlme))
d <- read.csv("../data/peak_end_moments.csv")
names(d)[1] <- "id"
d <- d[order(d$id, d$time), ]
first <- ave(d$time, d$id, FUN = min); span <- ave(d$time, d$id, FUN = function(t) max(t) - min(t))
d$t <- d$time - first; d$x <- d$t / span; d$xc <- d$x - 0.5
control <- lmeControl(maxIter = 400, msMaxIter = 400, msMaxEval = 4000, tolerance = 1e-9, msTol = 1e-10, opt = "nlminb", returnObject = TRUE)
gaps <- tapply(d$t, d$id, max) / (tapply(d$t, d$id, length) - 1)
fit <- lme(rating ~ x + I(x^2), random = list(id = pdDiag(~ xc)), data = d, method = "ML",
           correlation = corExp(value = c(8, 0.3), form = ~ t | id, nugget = TRUE), control = control)

cs <- coef(fit$modelStruct$corStruct, unconstrained = FALSE)  # range, nugget
s2 <- fit$sigma^2
v <- as.numeric(VarCorr(fit)[, "Variance"])
comp <- list(level = v[1], slope = v[2], drift = s2 * (1 - cs[["nugget"]]), noise = s2 * cs[["nugget"]])
range <- cs[["range"]]
latent <- function(z, grid) {
  K <- function(x1, t1, x2, t2) comp$level + comp$slope * outer(x1 - .5, x2 - .5) + comp$drift * exp(-abs(outer(t1, t2, "-")) / range)
  b <- fixef(fit); m <- function(x) b[1] + b[2] * x + b[3] * x^2
  V <- K(z$x, z$t, z$x, z$t) + diag(comp$noise, nrow(z))
  as.numeric(m(grid) + K(grid, grid * max(z$t), z$x, z$t) %*% solve(V, z$rating - m(z$x)))
}
grid <- (0:20) / 20
who <- unique(d$id)[1:12]
read <- t(sapply(who, function(i) latent(d[d$id == i, ], grid)))
write_golden(list(result = "latent_courses",
  source = "240 simulated episodes of 5 to 12 moments; nlme::lme with corExp and a nugget, ML",
  versions = list(R = "4.2.2", nlme = as.character(packageVersion("nlme"))), date = "2026-11-22",
  script = "r/peak_end_latent.R",
  tolerance = list(log_likelihood = 1e-5, rtol = 2e-4, latent = 1e-4),
  why = "nlme stops early on a flat likelihood; a level variance of 1e-6 is zero to both",
  values = list(components = comp, memory = range, log_likelihood = as.numeric(logLik(fit)),
    mean_course = as.list(unname(fixef(fit))),
    episodes = data.frame(id = who, peak_latent = apply(read, 1, max), end_latent = read[, 21], mean_latent = rowMeans(read)),
    n = length(unique(d$id)), n_participants = length(unique(d$id)), n_moments = nrow(d)),
  not_covered = list(peak_rule = "an option, returned as given; tests/peak_end checks it",
    participant = "an option, returned as given; tests/peak_end checks it",
    episode = "an option, returned as given; tests/peak_end checks it")), "peak_end_latent.json")

