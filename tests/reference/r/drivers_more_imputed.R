# Shares with a touchpoint that some did not use: centred rating and indicator enter together.
source("_common.R")
stays <- read.csv("../data/drivers_models_stays.csv")
d <- stays[complete.cases(stays[, c("overall", "room", "staff", "price")]), ]
used <- d$pool_used == 1
d$away <- 1 - d$pool_used
d$pool_centred <- ifelse(used, d$pool - mean(d$pool[used]), 0)
players <- list(room = "room", staff = "staff", price = "price", pool = c("pool_centred", "away"))
r2 <- function(set) {
  if (length(set) == 0) return(0)
  summary(lm(reformulate(unlist(players[set]), "overall"), d))$r.squared
}
permutations <- function(v) {
  if (length(v) == 1) return(list(v))
  do.call(c, lapply(seq_along(v), function(i) lapply(permutations(v[-i]), function(p) c(v[i], p))))
}
share <- setNames(numeric(4), names(players))
for (order in permutations(names(players))) for (k in 1:4) {
  share[order[k]] <- share[order[k]] + (r2(order[seq_len(k)]) - r2(order[seq_len(k - 1)])) / 24
}
listwise <- d[used, ]
estimates <- data.frame(term = names(players), group = "imputation", estimate = unname(share),
                        percent = unname(100 * share / sum(share)), n = nrow(d),
                        rank = unname(rank(-share)), not_used = names(players) == "pool")
fits <- data.frame(group = c("imputation", "listwise"), n = c(nrow(d), nrow(listwise)),
                   r2 = c(r2(names(players)),
                          summary(lm(overall ~ room + staff + price + pool, listwise))$r.squared),
                   r2_controls = 0)
available <- data.frame(term = names(players), n_answered = c(nrow(d), nrow(d), nrow(d), sum(used)),
                        n_not_used = c(0, 0, 0, sum(!used)), n_missing = 0,
                        n_listwise = nrow(listwise), n_used = nrow(d))
excused <- c("controls", "iterations", "donors", "n_boot", "confidence_level", "weights", "clusters",
             "strata", "seed", "differences")
reasons <- as.list(setNames(rep("an option", length(excused)), excused))
reasons$differences <- "their standard errors are resampled; Rubin's rules are checked against mice in drivers_models_pooling.json"
made <- made_with("drivers_more_imputed.R")
write_golden(list(
  result = "imputed_importance", source = "lm() over all orders of four players, one of two columns",
  data = "data/drivers_models_stays.csv, rows with overall, room, staff and price",
  versions = made$r_version, date = made$date, script = made$script,
  tolerance = list(rtol = 1e-9), why = "closed forms by another decomposition (QR)",
  options = list(outcome = "overall", drivers = names(players)),
  values = list(estimates = estimates, fits = fits, available = available, outcome = "overall",
                drivers = names(players), n = nrow(d), n_asked = nrow(d), imputations = 0,
                notes = list("nothing_to_impute")),
  not_covered = reasons
), "drivers_more_imputed.json")
