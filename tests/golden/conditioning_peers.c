/* Conditioning of arrays in memory, for peers to compare with: tests/golden/conditioning_mne.py runs it as
   conditioning_peers CONFIG SOURCES DATA OUT
   CONFIG: keys of the group; SOURCES: lines "label fs_hz bad x y z"; DATA: f64 [source][sample]; OUT: f64
   [channel][sample]. Prints "channel why interpolated" of each, then the note. "positions NAME..." prints those.
   Without arguments: what needs no peer. */
#include "conditioning_help.h"

enum { MOST = 400 };

static int read_sources(const char *path, evl_source *source) {
  FILE *file = fopen(path, "r");
  int n = 0, bad;
  char label[80];
  if (!file) return 0;
  while (n < MOST && fscanf(file, "%79s %lf %d %lf %lf %lf", label, &source[n].fs_hz, &bad, &source[n].xyz[0],
                            &source[n].xyz[1], &source[n].xyz[2]) == 6) {
    source[n].label = strdup(label);
    source[n].usable = true;
    source[n++].bad = bad;
  }
  fclose(file);
  return n;
}

static evl_status compare(char **argument, evl_arena *arena) {
  static evl_source source[MOST];
  static const char *label[MOST];
  static const double *signal[MOST];
  char *bytes;
  size_t size;
  evl_montage *montage;
  evl_chain *chain;
  evl_params *params = help_params(arena, argument[0]);
  int n = read_sources(argument[1], source);
  if (!params || n == 0) return EVL_USAGE;
  EVL_TRY(evl_file_text(argument[2], arena, &bytes, &size));
  int64_t samples = (int64_t)(size / sizeof(double)) / n;
  for (int i = 0; i < n; i++) {
    label[i] = source[i].label;
    signal[i] = (const double *)(void *)bytes + i * samples;
  }
  EVL_TRY(evl_montage_plan(params, n, label, arena, &montage));
  EVL_TRY(evl_chain_plan(params, montage, n, source, NULL, 50.0, (double)samples / source[0].fs_hz, arena, &chain));
  help_recording r = {.n_sources = n, .signal = signal};
  int64_t out = evl_chain_samples(chain, samples);
  double *x;
  EVL_NEW(arena, x, montage->n * out);
  EVL_TRY(help_run(chain, &r, samples, 0, out, x, (size_t)out));
  FILE *file = fopen(argument[3], "wb");
  if (!file) return evl_fail(EVL_IO, "%s", argument[3]);
  fwrite(x, sizeof *x, (size_t)(montage->n * out), file);
  fclose(file);
  for (int c = 0; c < montage->n; c++)
    printf("%s %d %d\n", montage->name[c], evl_chain_channel_why(chain)[c], evl_chain_interpolated(chain)[c]);
  printf("%s\n", evl_chain_note(chain));
  return EVL_OK;
}

/* 103 electrodes: a potential that is the same everywhere has no current, is what it is between electrodes, and is
   nothing against any reference. */
static void constants_everywhere(void) {
  static const char *const config[] = {"reference = \"csd\";", "reference = \"rest\";", "reference = \"average\";",
                                       "reference = \"none\";"};
  static char name[MOST][8];
  const char *label[MOST];
  static double samples[32], out[MOST * 32];
  int n = 0;
  for (int t = 0; t < 32; t++) samples[t] = 40.0 * sin(0.3 * t);
  for (int row = 0; row < 13; row++)
    for (int place = 0; place <= 8; place++) {
      static const char *const letters[] = {"AFF", "F", "FFC", "FC", "FCC", "C", "CCP",
                                            "CP",  "CPP", "P", "PPO", "PO", "AF"};
      double xyz[3];
      sprintf(name[n], place ? "%s%d" : "%sz", letters[row], place);
      if (evl_electrode_position(name[n], xyz)) label[n] = name[n], n++;
    }
  for (int i = 0; i < 4; i++) {
    evl_arena *arena = evl_arena_create();
    evl_source source[MOST];
    const double *signal[MOST];
    evl_montage *montage;
    evl_chain *chain;
    char text[200];
    for (int k = 0; k < n; k++)
      source[k] = (evl_source){.label = label[k], .fs_hz = 250.0, .usable = true, .bad = k % 11 == 3};
    for (int k = 0; k < n; k++) signal[k] = samples;
    help_recording r = {.n_sources = n, .signal = signal};
    sprintf(text, "montage = \"file\"; band_hz = (); notch = \"none\"; interpolate = true; %s", config[i]);
    evl_params *params = help_params(arena, text);
    CHECK(params && evl_montage_plan(params, n, label, arena, &montage) == EVL_OK && montage->n == n);
    evl_status status = evl_chain_plan(params, montage, n, source, NULL, 50.0, 1.0, arena, &chain);
    if (status != EVL_OK) printf("# %s\n", evl_error_message());
    CHECK(status == EVL_OK && help_run(chain, &r, 32, 0, 32, out, 32) == EVL_OK);
    for (int c = 0; status == EVL_OK && c < n; c++) {
      CHECK(evl_chain_channel_why(chain)[c] == EVL_WHY_VALUE && evl_chain_interpolated(chain)[c] == (c % 11 == 3));
      for (int t = 0; t < 32; t++) CHECK_NEAR(out[c * 32 + t], i == 3 ? samples[t] : 0.0, i == 0 ? 1e-3 : 1e-7);
    }
    evl_arena_free(arena);
  }
  printf("# %d electrodes\n", n);
}

static int print_positions(int n, char **name) {
  for (int i = 0; i < n; i++) {
    double xyz[3];
    if (!evl_electrode_position(name[i], xyz)) return 1;
    printf("%.17g %.17g %.17g\n", xyz[0], xyz[1], xyz[2]);
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 2 && strcmp(argv[1], "positions") == 0) return print_positions(argc - 2, argv + 2);
  if (argc == 5) {
    evl_arena *arena = evl_arena_create();
    evl_status status = compare(argv + 1, arena);
    if (status != EVL_OK) fprintf(stderr, "conditioning_peers: %s\n", evl_error_message());
    return status != EVL_OK;
  }
  RUN(constants_everywhere);
  CHECK_DONE();
}
