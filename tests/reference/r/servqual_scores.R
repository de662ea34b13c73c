# Scores of servqual.csv and servqual_faults.csv, used by servqual_gaps.R and reliability.R.
dims <- list(TAN = 1:4, REL = 5:9, RES = 10:13, ASS = 14:17, EMP = 18:22)

read_answers <- function(file) {
  d <- read.csv(file.path("..", "data", file), na.strings = "", colClasses = c(segment = "character"))
  list(d = d, P = as.matrix(d[sprintf("P%02d", 1:22)]), E = as.matrix(d[sprintf("E%02d", 1:22)]),
       points = as.matrix(d[paste0("W_", names(dims))]))
}

# 98 to 102 is rescaled, other sums and negative values are refused.
fix_points <- function(points) {
  total <- rowSums(points)
  ok <- !is.na(total) & total >= 98 & total <= 102 & apply(points >= 0, 1, function(x) all(x %in% TRUE))
  counts <- c(rescaled = sum(ok & total != 100), rejected = sum(!is.na(total) & !ok), missing = sum(is.na(total)))
  points[!ok, ] <- NA
  list(points = points / rowSums(points) * 100, counts = counts)
}

# One P and one E column for each term: 22 items, 5 dimensions, overall, overall_weighted.
term_scores <- function(P, E, points, min_answered) {
  pair <- !is.na(P) & !is.na(E)
  P[!pair] <- NA
  E[!pair] <- NA
  one <- function(X, D) {
    s <- rowMeans(X[, dims[[D]]], na.rm = TRUE)
    s[rowSums(pair[, dims[[D]]]) < ceiling(min_answered * length(dims[[D]]))] <- NA
    s
  }
  add <- function(X) {
    byd <- sapply(names(dims), function(D) one(X, D))
    out <- cbind(X, byd, rowMeans(byd), rowSums(byd * points / 100))
    colnames(out) <- c(paste0("item_", 1:22), names(dims), "overall", "overall_weighted")
    out
  }
  list(P = add(P), E = add(E))
}
