# Answers with minimum, desired, expected and perceived level, an outcome whose surface bends, faults.
set.seed(1993); n <- 320
cut7 <- function(x) pmin(7, pmax(1, round(x)))
dims <- list(TAN = 1:4, REL = 5:9, RES = 10:10)
k <- 10; of <- rep(names(dims), lengths(dims))
quality <- matrix(rnorm(n * 3), n) * .8 + rnorm(n) * .6
standard <- matrix(rnorm(n * 3), n) * .7 + rnorm(n) * .5
colnames(quality) <- colnames(standard) <- names(dims)
level <- c(TAN = 4.6, REL = 3.9, RES = 5.6)
P <- E <- M <- D <- matrix(NA, n, k)
for (i in 1:k) {
  q <- quality[, of[i]]; s <- standard[, of[i]]
  P[, i] <- cut7(level[of[i]] + q + rnorm(n, 0, .8))
  E[, i] <- cut7(5 + .9 * s + .2 * q + rnorm(n, 0, .7))
  M[, i] <- cut7(3.9 + .6 * s + rnorm(n, 0, .8))
  D[, i] <- cut7(5.8 + .5 * s + rnorm(n, 0, .6))
}
for (part in c("P", "E", "M", "D")) assign(part, `colnames<-`(get(part), sprintf("%s%02d", part, 1:k)))
p <- rowMeans(sapply(dims, function(i) rowMeans(P[, i, drop = FALSE]))) - 4
e <- rowMeans(sapply(dims, function(i) rowMeans(E[, i, drop = FALSE]))) - 4
osat <- cut7(4.3 + .55 * p - .15 * e - .25 * (p - e)^2 + rnorm(n, 0, .6 + .3 * abs(p)))
region <- sample(c("East", "North", "South", "West"), n, TRUE, c(.4, .33, .25, .02))
d <- data.frame(id = 1:n, region, weight = round(runif(n, .5, 2), 3), P, E, M, D, OSAT = osat)
# Answers that are missing, in all parts and in the outcome.
for (name in c("P02", "E05", "M06", "D07", "P10", "OSAT")) d[sample(n, 12), name] <- NA
write.csv(d, file.path("..", "data", "servqual_zone.csv"), row.names = FALSE, na = "")
cat(sum(d[, sprintf("M%02d", 1:k)] > d[, sprintf("D%02d", 1:k)], na.rm = TRUE), table(region), "\n")
