# Golden of plan_servqual: power.t.test and the width of the t interval.
source("_common.R")
half <- function(sd, h, level = 0.95) { n <- 2; while (qt((1 + level) / 2, n - 1) * sd / sqrt(n) > h) n <- n + 1; n }
pair <- function(sd, d, power, pairs = 1) ceiling(power.t.test(delta = d, sd = sd, power = power, sig.level = .05 / pairs, strict = TRUE, tol = 1e-10)$n)
rows <- list()
for (sd in c(0.8, 1.2)) for (h in c(0.1, 0.25)) for (d in c(0.3, 0.6)) for (g in c(2, 5))
  rows <- c(rows, list(list(sd = sd, half_width = h, difference = d, groups = g, interval = half(sd, h), per_group = pair(sd, d, 0.8, g * (g - 1) / 2))))
fields <- c("source", "term", "sd", "half_width", "difference", "groups", "power", "icc", "cluster_size", "weight_effect", "design_effect",
            "n_sims", "seed", "n_earlier", "confidence_level", "estimates")
write_golden(list(result = "servqual_plan", source = "closed forms", made_with = made_with("servqual_planning.R", "jsonlite"),
  tolerance = list(rtol = 0, why = "whole numbers"), values = list(required = rows),
  not_covered = setNames(as.list(rep("an option, or simulated: tests/servqual/test_servqual_plan.py checks it", length(fields))), fields)),
  "servqual_planning.json")
