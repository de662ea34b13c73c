# Synthetic hotel stays: strata, clusters, weights, a factor, an interaction, a question that does not
# apply to everybody, refusals. Seeded; run from this folder.
set.seed(20240611)
n <- 300
stratum <- rep(c("city", "coast", "lake"), times = c(120, 100, 80))
hotel <- paste0(substr(stratum, 1, 2), c(rep(1:12, each = 10), rep(1:10, each = 10), rep(1:8, each = 10)))
effect <- setNames(rnorm(length(unique(hotel)), 0, 0.5), unique(hotel))[hotel]
halo <- rnorm(n)
rate <- function(mean, load) pmin(7, pmax(1, round(mean + load * halo + rnorm(n))))
room <- rate(4.5, 0.7); staff <- rate(5, 0.7); price <- rate(3.8, 0.3); pool <- rate(4.2, 0.5)
trip <- sample(c("business", "couple", "family"), n, TRUE, c(0.4, 0.35, 0.25))
latent <- 0.45 * room + 0.35 * staff + 0.1 * price + 0.2 * (pool - 4) * (stratum != "city") +
  0.5 * (trip == "couple") + effect + rnorm(n)
overall <- round(latent, 3)
recommend <- pmin(10, pmax(0, round(1.6 * latent + 1)))
population <- c(city = 60, coast = 40, lake = 20)[stratum]
weight <- round(c(city = 5, coast = 4, lake = 2.5)[stratum] * runif(n, 0.6, 1.5), 3)
pool[stratum == "city" & runif(n) < 0.7] <- NA
pool_used <- ifelse(is.na(pool), 0, 1)
staff[sample(n, 12)] <- NA
price[sample(n, 9)] <- NA
write.csv(
  data.frame(overall, recommend, room, staff, price, pool, pool_used, trip, stratum, hotel,
             population, weight),
  "../data/drivers_models_stays.csv", row.names = FALSE, na = ""
)
