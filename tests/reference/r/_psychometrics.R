# Helpers of the psychometrics scripts.
source("_common.R")

golden_of <- function(result, source, data, script, packages, tolerance, why, options, values,
                      not_covered = setNames(list(), character())) {
  list(result = result, source = source, data = data, script = paste0("r/", script),
       versions = c(list(R = R.version.string),
                    sapply(packages, function(p) as.character(packageVersion(p)), simplify = FALSE)),
       date = as.character(Sys.Date()), tolerance = tolerance, why = why, options = options,
       values = values, not_covered = not_covered)
}

rows <- function(m) lapply(seq_len(nrow(m)), function(i) I(unname(as.numeric(m[i, ]))))

servqual_dims <- list(TAN = 1:4, REL = 5:9, RES = 10:13, ASS = 14:17, EMP = 18:22)
servqual_model <- lapply(servqual_dims, function(i) sprintf("P%02d", i))
holzinger_model <- list(visual = c("x1", "x2", "x3"), textual = c("x4", "x5", "x6"),
                        speed = c("x7", "x8", "x9"))
lavaan_text <- function(model) {
  paste(sapply(names(model), function(f) paste0(f, "=~", paste(model[[f]], collapse = "+"))),
        collapse = "\n")
}
