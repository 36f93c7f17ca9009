/* The cohort's tables and sidecars in BIDS layout (Pernet 2019, doi:10.1038/s41597-019-0104-8). */
#include "simulate_priv.h"

#include <stdio.h>
#include <string.h>

void evl_simulation_stem(const evl_simulation *s, int i, char stem[96]) {
  const char *id = s->subject[i / s->n_recordings].id;
  int session = i % s->n_recordings + 1;
  if (s->n_recordings == 1) snprintf(stem, 96, "%s/eeg/%s_task-rest", id, id);
  else snprintf(stem, 96, "%s/ses-%02d/eeg/%s_ses-%02d_task-rest", id, session, id, session);
}

static evl_status write_description(const evl_simulation *s, const char *root, evl_arena *scratch) {
  evl_text_file f;
  EVL_TRY(evl_text_begin(root, "dataset_description.json", scratch, &f));
  fprintf(f.file,
          "{\n  \"Name\": \"Simulated coma EEG\",\n  \"BIDSVersion\": \"1.8.0\",\n  \"DatasetType\": \"raw\",\n"
          "  \"GeneratedBy\": [{\"Name\": \"eveil simulate\", \"Version\": \"" EVL_VERSION "\"}],\n  \"Seed\": "
                                                                                           "%llu\n}\n",
          (unsigned long long)s->seed);
  return evl_text_end(&f);
}

static evl_status write_recordings(const evl_simulation *s, const char *root, evl_arena *scratch) {
  evl_text_file f;
  char stem[96];
  EVL_TRY(evl_text_begin(root, "recordings.tsv", scratch, &f));
  fprintf(f.file, "subject\tsession\tfile\tstart_h\n");
  for (int i = 0; i < evl_simulation_recordings(s); i++) {
    const evl_subject *t = &s->subject[i / s->n_recordings];
    int session = i % s->n_recordings;
    evl_simulation_stem(s, i, stem);
    fprintf(f.file, "%s\t", t->id);
    if (s->n_recordings > 1) fprintf(f.file, "ses-%02d", session + 1);
    else fprintf(f.file, "n/a");
    fprintf(f.file, "\t%s_eeg.edf\t%.4f\n", stem, evl_simulation_start_h(s, i));
  }
  return evl_text_end(&f);
}

static void print_filter(const char *name, double hz, const char *comma, FILE *out) {
  if (hz > 0) fprintf(out, "\"%s\": {\"Half-power cutoff (Hz)\": %g}%s", name, hz, comma);
}

static evl_status write_description_of(const evl_simulation *s, const char *root, const char *stem,
                                       const evl_site *site, int n_tracks, evl_arena *scratch) {
  evl_text_file f;
  char name[128];
  snprintf(name, sizeof name, "%s_eeg.json", stem);
  EVL_TRY(evl_text_begin(root, name, scratch, &f));
  fprintf(f.file,
          "{\n  \"TaskName\": \"rest\",\n  \"SamplingFrequency\": %g,\n  \"PowerLineFrequency\": %g,\n  "
          "\"EEGReference\": \"%s\",\n  \"SoftwareFilters\": \"n/a\",\n  \"HardwareFilters\": ",
          site->fs_hz, site->line_hz, strcmp(site->montage, "bipolar") ? "common" : "bipolar");
  if (site->high_pass_hz > 0 || site->low_pass_hz > 0) {
    fprintf(f.file, "{");
    print_filter("HighPass", site->high_pass_hz, site->low_pass_hz > 0 ? ", " : "", f.file);
    print_filter("LowPass", site->low_pass_hz, "", f.file);
    fprintf(f.file, "}");
  } else {
    fprintf(f.file, "\"n/a\"");
  }
  fprintf(f.file, ",\n  \"EEGChannelCount\": %d,\n  \"RecordingDuration\": %.12g\n}\n", n_tracks, s->duration_s);
  return evl_text_end(&f);
}

static evl_status write_sidecars(const evl_simulation *s, const char *root, int i, evl_arena *scratch) {
  const evl_site *site = &s->site[s->subject[i / s->n_recordings].site];
  evl_text_file f;
  char stem[96], name[128], label[17];
  int a[EVL_SITE_TRACKS], b[EVL_SITE_TRACKS], n = evl_site_tracks(site, a, b);
  evl_simulation_stem(s, i, stem);
  EVL_TRY(write_description_of(s, root, stem, site, n, scratch));
  snprintf(name, sizeof name, "%s_channels.tsv", stem);
  EVL_TRY(evl_text_begin(root, name, scratch, &f));
  fprintf(f.file, "name\ttype\tunits\tstatus\n");
  for (int k = 0; k < n; k++) {
    evl_site_label(site, a[k], b[k], label);
    fprintf(f.file, "%s\tEEG\tuV\tgood\n", label);
  }
  return evl_text_end(&f);
}

static evl_status write_all_tables(const evl_simulation *s, const char *root, evl_arena *scratch) {
  EVL_TRY(write_description(s, root, scratch));
  EVL_TRY(evl_participants_write(s, root, scratch));
  EVL_TRY(evl_truth_write(s, root, scratch));
  EVL_TRY(write_recordings(s, root, scratch));
  for (int i = 0; i < evl_simulation_recordings(s); i++) {
    evl_mark mark = evl_arena_mark(scratch);
    evl_status status = write_sidecars(s, root, i, scratch);
    evl_arena_release(scratch, mark);
    EVL_TRY(status);
  }
  return EVL_OK;
}

evl_status evl_simulation_write_tables(const evl_simulation *s, const char *root) {
  evl_arena *scratch = evl_arena_create();
  if (!scratch) return evl_fail(EVL_MEMORY, "%s: no memory for the tables", root);
  evl_status status = write_all_tables(s, root, scratch);
  evl_arena_free(scratch);
  return status;
}
