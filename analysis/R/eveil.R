# Reading an Eveil store from R, with rhdf5 or hdf5r, whichever is installed.
#
#   store <- eveil_open("out/store.h5")
#   eveil_summary(store)                        # what is in it
#   eveil_recordings(store)                     # one row a recording
#   eveil_table(store, "spectral")              # one row a recording, one column a feature
#   eveil_tensor(store, "spectral", "spectrum", "power")[1, "O1", ]
#
# A cell whose `why` is not 0 is NA here, whatever the file holds there. Dimensions are in the
# order of the design (window or recording first), although both packages read them reversed.

fail <- function(...) stop(sprintf(...), call. = FALSE)

eveil_open <- function(path, package = NULL) {
  if (is.null(package)) {
    known <- c("rhdf5", "hdf5r")
    found <- known[vapply(known, requireNamespace, logical(1), quietly = TRUE)]
    if (length(found) == 0) fail("expected the R package rhdf5 or hdf5r, found neither")
    package <- found[1]
  }
  if (!file.exists(path)) fail("%s: expected an Eveil store, found no such file", path)
  store <- structure(list(path = path, package = package), class = "eveil_store")
  version <- tryCatch({
    if (package == "hdf5r") store$file <- hdf5r::H5File$new(path, mode = "r") # rhdf5 opens for each reading
    h5_attribute(store, "/", "eveil_version")
  }, error = function(e) NULL)
  if (is.null(version)) fail("%s: expected an Eveil store, found no HDF5 file with eveil_version", path)
  store$version <- version
  store
}

eveil_close <- function(store) if (!is.null(store$file)) store$file$close_all()

eveil_analyses <- function(store) {
  if (!h5_has(store, "/analyses")) fail("%s: expected an Eveil store, found no group /analyses", store$path)
  sort(h5_names(store, "/analyses"))
}

eveil_recordings <- function(store) {
  table <- h5_frame(store, "/recordings")
  table$ok <- table$status == 0
  table
}

eveil_participants <- function(store) h5_frame(store, "/participants")

# One row an annotation that was kept: recording (counted from 0), onset and duration in seconds, name.
eveil_annotations <- function(store) {
  table <- h5_frame(store, "/recordings/annotations")
  stats::setNames(table, substring(names(table), nchar("annotation_") + 1))
}

# The columns of an analysis: name, feature, output, channel, unit, text, ...
eveil_columns <- function(store, analysis, of_recording = FALSE) {
  prefix <- if (of_recording) "recording_column_" else "column_"
  names <- h5_names(store, eveil_path(store, analysis))
  names <- names[startsWith(names, prefix)]
  columns <- lapply(names, function(n) as.vector(h5_read(store, eveil_path(store, analysis, n))))
  names(columns) <- substring(names, nchar(prefix) + 1)
  as.data.frame(columns, stringsAsFactors = FALSE)
}

# One row a recording (subject, session, start_h, ok) and one column a feature: a statistic over its
# windows, then the columns of the recording stage.
eveil_table <- function(store, analysis, statistic = "median") {
  at <- function(name) eveil_path(store, analysis, name)
  statistics <- as.vector(h5_read(store, at("summary_statistic")))
  if (!statistic %in% statistics) {
    fail("%s: no statistic \"%s\"; there is %s", store$path, statistic, paste(statistics, collapse = ", "))
  }
  summary <- h5_read(store, at("summary"))
  values <- array(summary[, , match(statistic, statistics)], dim(summary)[1:2])
  values[h5_read(store, at("summary_why")) != 0] <- NA
  colnames(values) <- eveil_columns(store, analysis)$name
  if (h5_has(store, at("recording_values"))) {
    more <- h5_read(store, at("recording_values"))
    more[h5_read(store, at("recording_why")) != 0] <- NA
    colnames(more) <- eveil_columns(store, analysis, of_recording = TRUE)$name
    values <- cbind(values, more)
  }
  recordings <- eveil_recordings(store)
  keys <- intersect(c("subject", "session", "start_h", "ok"), names(recordings))
  data.frame(recordings[keys], values, check.names = FALSE, stringsAsFactors = FALSE)
}

# Values of the windows, window x column, NA where why is not 0.
eveil_windows <- function(store, analysis) {
  values <- h5_read(store, eveil_path(store, analysis, "values"))
  values[h5_read(store, eveil_path(store, analysis, "why")) != 0] <- NA
  colnames(values) <- eveil_columns(store, analysis)$name
  values
}

# A model's tensor, window or recording first, with the names of channels and frequencies.
eveil_tensor <- function(store, analysis, model, tensor) {
  for (part in c("models", "recording_models")) {
    group <- eveil_path(store, analysis, part, model)
    path <- paste0(group, "/", tensor)
    if (!h5_has(store, path)) next
    values <- h5_read(store, path)
    labels <- vector("list", length(dim(values)))
    for (name in setdiff(h5_names(store, group), tensor)) {
      scale <- as.vector(h5_read(store, paste0(group, "/", name)))
      free <- which(dim(values) == length(scale) & vapply(labels, is.null, logical(1)))
      free <- free[free > 1]
      if (length(free)) {
        labels[[free[1]]] <- as.character(scale)
        names(labels)[free[1]] <- name
      }
    }
    dimnames(values) <- labels
    attr(values, "units") <- h5_attribute(store, path, "units")
    return(values)
  }
  fail("%s: analysis \"%s\" has no tensor %s/%s", store$path, analysis, model, tensor)
}

# What a model of terms found in a window (a recording, where it has no others), a line an equation, as people write
# them: "x0' = -9.98 x0 + 9.98 x1"; discrete: of the next sample (NULL: as the unit of the coefficients says). Empty: no
# fit there.
eveil_equations <- function(store, analysis, row, model = "sindy", digits = 4, discrete = NULL) {
  weights <- eveil_tensor(store, analysis, model, "coefficients")
  if (is.null(discrete)) discrete <- identical(as.character(attr(weights, "units")), "1")
  weights <- weights[row, , ]
  if (anyNA(weights)) return(character())
  vapply(colnames(weights), function(name) {
    w <- weights[, name]
    kept <- which(w != 0)
    number <- sprintf("%.*g", as.integer(digits), abs(w[kept]))
    term <- rownames(weights)[kept]
    factor <- ifelse(term == "1", number, ifelse(number == "1", term, paste(number, term)))
    sign <- ifelse(w[kept] < 0, "- ", "+ ")
    right <- if (length(kept)) sub("^\\+ ", "", sub("^- ", "-", paste(paste0(sign, factor), collapse = " "))) else "0"
    paste0(name, if (discrete) "(t+1)" else "'", " = ", right)
  }, "", USE.NAMES = FALSE)
}

# One number by its names.
eveil_value <- function(store, analysis, column, subject, statistic = "median") {
  table <- eveil_table(store, analysis, statistic)
  if (!column %in% names(table)) fail("%s: analysis \"%s\" has no column \"%s\"", store$path, analysis, column)
  value <- table[[column]][table$subject == subject]
  if (length(value) != 1) fail("%s: expected one recording of %s, found %d", store$path, subject, length(value))
  value
}

# One row an analysis: windows, columns, share of cells with a value. Printed and returned.
eveil_summary <- function(store) {
  recordings <- eveil_recordings(store)
  analyses <- eveil_analyses(store)
  rows <- lapply(analyses, function(a) {
    path <- eveil_path(store, a, "why")
    why <- if (h5_has(store, path)) h5_read(store, path) else matrix(0L, 0, 0)
    data.frame(analysis = a, windows = nrow(why), columns = nrow(eveil_columns(store, a)),
               with_value = if (length(why)) mean(why == 0) else NA_real_)
  })
  out <- do.call(rbind, rows)
  cat(sprintf("%s: Eveil %s, %d subjects, %d recordings, %d failed\n", store$path, store$version,
              length(unique(recordings$subject)), nrow(recordings), sum(!recordings$ok)))
  print(out, row.names = FALSE)
  invisible(out)
}

# ---- HDF5, by either package ------------------------------------------------------------------

eveil_path <- function(store, analysis, ...) {
  path <- paste0("/analyses/", analysis)
  if (!h5_has(store, path)) {
    fail("%s: no analysis \"%s\"; there is %s", store$path, analysis, paste(eveil_analyses(store), collapse = ", "))
  }
  paste(c(path, ...), collapse = "/")
}

h5_has <- function(store, path) {
  parent <- dirname(path)
  if (parent != "/" && !h5_has(store, parent)) return(FALSE)
  basename(path) %in% h5_names(store, parent)
}

# Names of the members of a group.
h5_names <- function(store, group) {
  if (store$package == "rhdf5") {
    file <- rhdf5::H5Fopen(store$path, flags = "H5F_ACC_RDONLY")
    on.exit(rhdf5::H5Fclose(file))
    here <- rhdf5::H5Gopen(file, group)
    on.exit(rhdf5::H5Gclose(here), add = TRUE, after = FALSE)
    return(rhdf5::h5ls(here, recursive = FALSE)$name)
  }
  store$file[[group]]$ls()$name
}

h5_attribute <- function(store, path, name) {
  if (store$package == "rhdf5") return(rhdf5::h5readAttributes(store$path, path)[[name]])
  if (store$file$attr_exists_by_name(name, path)) store$file$attr_open_by_name(name, path)$read()
}

# A dataset with its dimensions in the file's order; bytes as integers (rhdf5 gives `raw`).
h5_read <- function(store, path) {
  x <- if (store$package == "rhdf5") rhdf5::h5read(store$path, path, bit64conversion = "double")
       else store$file[[path]]$read(drop = FALSE)
  if (inherits(x, "integer64")) x <- as.numeric(x)
  shape <- if (is.null(dim(x))) length(x) else dim(x)
  x <- array(if (is.raw(x)) as.integer(x) else as.vector(x), shape)
  if (length(shape) > 1) aperm(x) else as.vector(x)
}

# A table of one-dimensional datasets, those below `columns` too.
h5_frame <- function(store, group) {
  names <- h5_names(store, group)
  scale <- intersect(names, c("recording", "participant", "annotation"))
  paths <- setdiff(names, c(scale, "columns", "annotations"))
  read <- function(names, where) stats::setNames(lapply(names, function(n) h5_read(store, paste0(where, n))), names)
  values <- read(paths, paste0(group, "/"))
  if ("columns" %in% names) {
    below <- paste0(group, "/columns/")
    values <- c(values, read(setdiff(h5_names(store, below), paths), below))
  }
  as.data.frame(values, stringsAsFactors = FALSE, optional = TRUE)
}
