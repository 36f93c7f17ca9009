#!/usr/bin/env Rscript
# Figures of fitted models of a store in base graphics, as PDF: eigenmodes of the vector autoregression, inclusion
# probabilities of sparse equations, measured spectra in the posterior's band and pairs of its unknowns.
#
#   Rscript models.R STORE FOLDER [SUBJECT]

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE)))
source(file.path(if (length(here)) here else ".", "eveil.R"))

colours <- c("#0072B2", "#D55E00")

# The first analysis that has this tensor; NULL. stage: "models" of windows or "recording_models".
analysis_with <- function(store, stage, model, tensor) {
  has <- Filter(function(a) h5_has(store, eveil_path(store, a, stage, model, tensor)), eveil_analyses(store))
  if (length(has)) has[1] else NULL
}

# The first row of a tensor with numbers, of a subject or of any; NULL. `subjects`: of its rows.
first_row <- function(tensor, subjects, subject) {
  full <- apply(tensor, 1, function(x) any(is.finite(x))) & (is.null(subject) | subjects %in% subject)
  if (any(full)) which(full)[1] else NULL
}

window_subjects <- function(store, analysis) {
  eveil_recordings(store)$subject[as.vector(h5_read(store, eveil_path(store, analysis, "window_recording"))) + 1]
}

plot_modes <- function(store, analysis, subject) {
  windows <- eveil_windows(store, analysis)
  pick <- function(what) {
    names <- grep(paste0("^var[.]", what, "_mode[0-9]+$"), colnames(windows), value = TRUE)
    as.matrix(windows[, names, drop = FALSE])
  }
  frequency <- pick("frequency")
  damping <- pick("damping")
  own <- if (is.null(subject)) rep(FALSE, nrow(frequency)) else window_subjects(store, analysis) %in% subject
  plot(frequency, damping, pch = 16, col = ifelse(own[row(frequency)], colours[2], "#4D4D4D80"), bty = "l", las = 1,
       xlab = "Frequency (Hz)", ylab = "Damping (1/s)")
}

plot_inclusion <- function(store, analysis, subject) {
  inclusion <- eveil_tensor(store, analysis, "sindy", "inclusion")
  row <- first_row(inclusion, window_subjects(store, analysis), subject)
  if (is.null(row)) return(plot.new())
  share <- matrix(inclusion[row, , ], dim(inclusion)[2], dimnames = dimnames(inclusion)[2:3])
  graphics::par(mfrow = c(ncol(share), 1), mar = c(5, 4, 2, 0.5))
  lines <- eveil_equations(store, analysis, row)
  for (j in seq_len(ncol(share))) {
    graphics::barplot(share[, j], ylim = c(0, 1), las = 2, border = NA, ylab = "Inclusion", cex.names = 0.7,
                      col = ifelse(share[, j] >= 0.5, colours[1], "grey85"))
    if (length(lines) >= j) graphics::title(substr(lines[j], 1, 110), font.main = 1, cex.main = 0.7)
  }
}

plot_fitted <- function(store, analysis, model, subject) {
  measured <- eveil_tensor(store, analysis, model, "measured")
  fitted <- eveil_tensor(store, analysis, model, "fitted")
  row <- first_row(fitted, eveil_recordings(store)$subject, subject)
  if (is.null(row)) return(plot.new())
  channel <- which(apply(fitted[row, , , , drop = FALSE], 2, function(x) all(is.finite(x))))[1]
  hz <- as.numeric(dimnames(fitted)[[4]])
  band <- matrix(fitted[row, channel, , ], 3)
  plot(hz, measured[row, channel, ], type = "l", log = "y", bty = "l", las = 1, xlab = "Frequency (Hz)",
       ylab = expression(paste("Power density (", mu, V^2, "/Hz)")), ylim = range(band, measured[row, channel, ]))
  polygon(c(hz, rev(hz)), c(band[1, ], rev(band[3, ])), border = NA, col = grDevices::adjustcolor(colours[1], 0.3))
  lines(hz, band[2, ], col = colours[1], lwd = 2)
  legend("topright", c(paste("measured at", dimnames(fitted)[[2]][channel]), model), col = c("black", colours[1]),
         lwd = 1:2, bty = "n")
}

plot_pairs <- function(store, analysis, model, subject) {
  draws <- eveil_tensor(store, analysis, model, "draws")
  row <- first_row(draws, eveil_recordings(store)$subject, subject)
  if (is.null(row)) return(plot.new())
  channel <- which(apply(draws[row, , , , drop = FALSE], 2, function(x) all(is.finite(x))))[1]
  some <- matrix(draws[row, channel, , ], dim(draws)[3])
  keep <- seq_len(min(5, ncol(some)))
  graphics::pairs(some[, keep], labels = dimnames(draws)[[4]][keep], pch = 16, cex = 0.4, col = "#0072B280")
}

draw <- function(folder, name, plot, ...) {
  path <- file.path(folder, paste0(name, ".pdf"))
  grDevices::pdf(path, width = 7, height = 6, useDingbats = FALSE)
  on.exit(grDevices::dev.off())
  plot(...)
  cat(path, "\n", sep = "")
}

main <- function(words) {
  if (length(words) < 2) fail("usage: models.R STORE FOLDER [SUBJECT]")
  store <- eveil_open(words[1])
  subject <- if (length(words) > 2) words[3] else NULL
  dir.create(words[2], showWarnings = FALSE, recursive = TRUE)
  modes <- analysis_with(store, "models", "var", "modes")
  if (!is.null(modes)) draw(words[2], "var_modes", plot_modes, store, modes, subject)
  sparse <- analysis_with(store, "models", "sindy", "inclusion")
  if (!is.null(sparse)) draw(words[2], "sindy", plot_inclusion, store, sparse, subject)
  for (model in c("robinson", "stuart_landau", "jansen_rit")) {
    analysis <- analysis_with(store, "recording_models", model, "draws")
    if (is.null(analysis)) next
    draw(words[2], paste0(model, "_spectrum"), plot_fitted, store, analysis, model, subject)
    draw(words[2], paste0(model, "_pairs"), plot_pairs, store, analysis, model, subject)
  }
}

if (!interactive()) main(commandArgs(TRUE))
