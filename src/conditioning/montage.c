/* Step montage: the channels that windows carry, by canonical names. */
#include <string.h>

#include "conditioning_priv.h"

const evl_param evl_step_montage_params[] = {
  {"montage", EVL_STRINGS, "\"10-20\"", 0, 0, NULL, "",
   "channels of the windows: 10-20 (19), 10-10 (64), file (every channel found), or a list of names"},
  {"offset", EVL_STRING, "\"remove\"", 0, 0, "remove|keep", "",
   "the recording's offset of each signal; keep: for signals whose zero has a meaning, without a high-pass"},
  {0}};

const evl_step evl_step_montage = {
  .name = "montage",
  .summary = "channels by canonical names, their offsets removed",
  .definition = "Labels of the file are matched by position (T3 = T7, T4 = T8, T5 = P7, T6 = P8; case, prefix and "
                "reference ignored); the offset of the recording is subtracted from each signal, or kept (offset). Missing channels "
                "have why 1, bad ones why 6.",
  .cite = "Oostenveld & Praamstra 2001, doi:10.1016/S1388-2457(00)00527-7, figure 2",
  .version = 1,
  .params = evl_step_montage_params};

static const char *const ten_twenty[] = {"Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz",
                                         "C4", "T8", "P7", "P3", "Pz", "P4", "P8", "O1", "O2"};

/* Longitudinal chains, "double banana", from left to right and front to back: LB-18.1 of ACNS guideline 3. */
static const char *const banana[] = {
  "Fp1-F7", "F7-T7", "T7-P7", "P7-O1", "Fp1-F3", "F3-C3", "C3-P3", "P3-O1", "Fz-Cz",
  "Cz-Pz", "Fp2-F4", "F4-C4", "C4-P4", "P4-O2", "Fp2-F8", "F8-T8", "T8-P8", "P8-O2"};

/* Transverse chains from left to right, front to back: TB-18.1. */
static const char *const sideways[] = {
  "F7-Fp1", "Fp1-Fp2", "Fp2-F8", "F7-F3", "F3-Fz", "Fz-F4", "F4-F8", "T7-C3", "C3-Cz",
  "Cz-C4", "C4-T8", "P7-P3", "P3-Pz", "Pz-P4", "P4-P8", "P7-O1", "O1-O2", "O2-P8"};

static const char *const ten_ten[] = {
  "FC5", "FC3", "FC1", "FCz", "FC2", "FC4", "FC6", "C5", "C3", "C1", "Cz", "C2", "C4", "C6", "CP5", "CP3",
  "CP1", "CPz", "CP2", "CP4", "CP6", "Fp1", "Fpz", "Fp2", "AF7", "AF3", "AFz", "AF4", "AF8", "F7", "F5", "F3",
  "F1", "Fz", "F2", "F4", "F6", "F8", "FT7", "FT8", "T7", "T8", "T9", "T10", "TP7", "TP8", "P7", "P5",
  "P3", "P1", "Pz", "P2", "P4", "P6", "P8", "PO7", "PO3", "POz", "PO4", "PO8", "O1", "Oz", "O2", "Iz"};

#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))

static bool is(const evl_value *montage, const char *word) {
  return montage->n == 1 && strcmp(montage->strings[0], word) == 0;
}

const char *const *evl_montage_chains(int *n) {
  *n = COUNT(banana);
  return banana;
}

bool evl_montage_is_standard(const evl_params *params) {
  const evl_value *montage = evl_params_value(params, "montage");
  return is(montage, "10-20") || is(montage, "10-10");
}

static int find(const char *const *name, int n, const char *wanted) {
  for (int i = 0; i < n; i++)
    if (strcmp(name[i], wanted) == 0) return i;
  return -1;
}

/* Column names are "feature.output[Fz,Cz]", and the store refuses "/". */
static evl_status check_name(const char *name) {
  if (!*name) return evl_fail(EVL_USAGE, "conditioning.montage: a channel without a name");
  if (strpbrk(name, "/,[]"))
    return evl_fail(EVL_USAGE, "conditioning.montage: channel \"%s\": names with one of \"/,[]\" are refused; "
                               "list the channels wanted", name);
  return EVL_OK;
}

static evl_status from_labels(int n_labels, const char *const *label, evl_arena *arena, evl_montage *montage) {
  const char **name;
  int n = 0;
  EVL_NEW(arena, name, n_labels > 0 ? n_labels : 1);
  for (int i = 0; i < n_labels; i++) {
    evl_electrode electrode;
    evl_electrode_parse(label[i], &electrode);
    if (find(name, n, electrode.name) >= 0) continue;
    EVL_TRY(check_name(electrode.name));
    if (!(name[n++] = evl_arena_text(arena, electrode.name))) return EVL_MEMORY;
  }
  if (n == 0) return evl_fail(EVL_USAGE, "conditioning.montage \"file\": the recordings have no channel");
  *montage = (evl_montage){.n = n, .name = name};
  return EVL_OK;
}

/* A name is an electrode, a pair of electrodes, or the label of some recording. */
static evl_status check_exists(const char *key, const char *others, const evl_electrode *electrode, int n_labels,
                               const char *const *label) {
  if (electrode->known || electrode->pair || n_labels == 0) return EVL_OK;
  const char *nearest = NULL;
  int least = 0;
  for (int i = 0; i < n_labels; i++) {
    evl_electrode other;
    evl_electrode_parse(label[i], &other);
    if (strcmp(other.name, electrode->name) == 0) return EVL_OK;
    int distance = evl_text_distance(other.name, electrode->name);
    if (!nearest || distance < least) nearest = label[i], least = distance;
  }
  return evl_fail(EVL_USAGE, "conditioning.%s: expected %s or a channel; no recording has \"%s\" (nearest: \"%s\")",
                  key, others, electrode->name, nearest);
}

static evl_status from_names(const evl_value *given, int n_labels, const char *const *label, evl_arena *arena,
                             evl_montage *montage) {
  const char **name;
  if (given->n == 0) return evl_fail(EVL_USAGE, "conditioning.montage: expected at least one channel, found none");
  EVL_NEW(arena, name, given->n);
  for (int i = 0; i < given->n; i++) {
    evl_electrode electrode;
    evl_electrode_parse(given->strings[i], &electrode);
    EVL_TRY(check_name(electrode.name));
    EVL_TRY(check_exists("montage", "\"10-20\", \"10-10\", \"file\"", &electrode, n_labels, label));
    if (find(name, i, electrode.name) >= 0)
      return evl_fail(EVL_USAGE, "conditioning.montage: channel \"%s\" (\"%s\") is named twice", electrode.name,
                      given->strings[i]);
    if (!(name[i] = evl_arena_text(arena, electrode.name))) return EVL_MEMORY;
  }
  *montage = (evl_montage){.n = given->n, .name = name};
  return EVL_OK;
}

static evl_status check_pairs(const evl_params *params, const evl_montage *montage) {
  for (int i = 0; i < montage->n; i++) {
    evl_electrode electrode;
    evl_electrode_parse(montage->name[i], &electrode);
    if (!electrode.pair)
      return evl_fail(EVL_USAGE, "conditioning.reference \"%s\": needs montage \"10-20\" or a list of pairs such as "
                                 "\"F3-C3\", found channel \"%s\"", evl_params_string(params, "reference"),
                      montage->name[i]);
  }
  return EVL_OK;
}

static evl_status place(evl_arena *arena, evl_montage *montage) {
  double(*xyz)[3];
  EVL_NEW(arena, xyz, montage->n);
  for (int c = 0; c < montage->n; c++)
    if (!evl_electrode_position(montage->name[c], xyz[c])) xyz[c][0] = xyz[c][1] = xyz[c][2] = 0.0;
  montage->xyz = (const double(*)[3])xyz;
  return EVL_OK;
}

evl_status evl_montage_plan(const evl_params *params, int n_labels, const char *const *label, evl_arena *arena,
                            evl_montage **montage) {
  const evl_value *given = evl_params_value(params, "montage");
  evl_reference_kind kind = evl_reference_of(params);
  EVL_NEW(arena, *montage, 1);
  if (kind == EVL_REFERENCE_ELECTRODE) {
    evl_electrode electrode;
    evl_electrode_parse(evl_params_string(params, "reference"), &electrode);
    EVL_TRY(check_exists("reference",
                         "\"average\", \"linked\", \"bipolar\", \"transverse\", \"rest\", \"csd\", \"none\"",
                         &electrode, n_labels, label));
  }
  if (kind == EVL_REFERENCE_BIPOLAR && is(given, "10-20")) {
    **montage = (evl_montage){.n = COUNT(banana), .name = banana};
  } else if (kind == EVL_REFERENCE_TRANSVERSE && is(given, "10-20")) {
    **montage = (evl_montage){.n = COUNT(sideways), .name = sideways};
  } else if (is(given, "10-20")) {
    **montage = (evl_montage){.n = COUNT(ten_twenty), .name = ten_twenty};
  } else if (is(given, "10-10")) {
    **montage = (evl_montage){.n = COUNT(ten_ten), .name = ten_ten};
  } else if (is(given, "file")) {
    EVL_TRY(from_labels(n_labels, label, arena, *montage));
  } else {
    EVL_TRY(from_names(given, n_labels, label, arena, *montage));
  }
  bool pairs = kind == EVL_REFERENCE_BIPOLAR || kind == EVL_REFERENCE_TRANSVERSE;
  if (pairs) EVL_TRY(check_pairs(params, *montage));
  return place(arena, *montage);
}
