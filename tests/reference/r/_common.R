# Helpers of the scripts in this folder. Run each from this folder: Rscript servqual_gaps.R
suppressPackageStartupMessages(library(jsonlite))

write_golden <- function(golden, file) {
  writeLines(
    toJSON(golden, digits = NA, auto_unbox = TRUE, pretty = TRUE, na = "null", null = "null",
           dataframe = "rows"),
    file.path("..", "expected", file)
  )
}

made_with <- function(script, ...) {
  packages <- sapply(c(...), function(p) as.character(packageVersion(p)), simplify = FALSE)
  list(script = paste0("r/", script), r_version = R.version.string, packages = packages,
       date = as.character(Sys.Date()))
}

# Exact interval of the noncentrality of t: the t distribution's own quantiles, no approximation.
noncentrality_interval <- function(t, df, level = 0.95) {
  tail <- (1 - level) / 2
  reach <- max(5, 6 * sqrt(1 + t^2 / (2 * df)))
  solve_for <- function(p) {
    uniroot(function(d) suppressWarnings(pt(t, df, d)) - p, c(t - reach, t + reach), tol = 1e-13)$root
  }
  c(solve_for(1 - tail), solve_for(tail))
}
