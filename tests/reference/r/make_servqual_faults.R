# Puts faults into servqual.csv: missing answers, points that do not sum to 100, weights that are
# missing or 0, unknown and very small groups. All of it is synthetic.
set.seed(20261122)
d <- read.csv(file.path("..", "data", "servqual.csv"))
n <- nrow(d)
for (k in 1:22) {
  d[runif(n) < 0.08, sprintf("P%02d", k)] <- NA
  d[runif(n) < 0.04, sprintf("E%02d", k)] <- NA
}
d[sample(n, 12), sprintf("P%02d", 5:9)] <- NA
w <- paste0("W_", c("TAN", "REL", "RES", "ASS", "EMP"))
r <- sample(n, 40)
d[r[1:9], w[2]] <- d[r[1:9], w[2]] + c(1, 2, -1, 1, 2, -2, 1, -1, 2)
d[r[10:16], w[1]] <- d[r[10:16], w[1]] + c(3, 10, 25, 4, 50, 7, 3)
d[r[17:28], w[3]] <- NA
d$weight[sample(n, 6)] <- NA
d$weight[sample(n, 4)] <- 0
d$segment[sample(n, 8)] <- NA
d$region <- sample(c("North", "East", "South", "West"), n, TRUE, c(.06, .5, .42, .02))
d$branch <- sample(c("City", "Town"), n, TRUE, c(.6, .4))
write.csv(d, file.path("..", "data", "servqual_faults.csv"), row.names = FALSE, na = "", quote = FALSE)
print(table(d$region))
print(table(d$region[!is.na(d$weight) & d$weight > 0]))
