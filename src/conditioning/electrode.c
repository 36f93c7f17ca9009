/* Electrode labels as found in files, and what they mean.

   A label is an electrode of the 10-5 system, with or without its reference: "Fp1", "EEG FP1-Ref",
   "Fp1-A2". What follows the dash decides. A word for a reference or an ear or mastoid (A1, A2, M1,
   M2) is a reference. Another scalp electrode makes a bipolar channel, which is not the
   electrode in front of the dash: taking "F3-C3" for F3 would be a silent error. "Fz-Cz" reads the same
   in a chain of pairs and in a file referred to Cz, so a single label never counts as referred to Cz;
   all labels of a file together may (evl_electrode_common). Two ears ("A2-A1") are a pair too. Words
   that are not understood leave the label unknown: an absent channel is seen, a wrong one is not.

   Names: R. Oostenveld, P. Praamstra 2001, doi:10.1016/S1388-2457(00)00527-7, figures 2 and 3; the old
   names T3 T4 T5 T6 are T7 T8 P7 P8 there. */
#include <string.h>
#include <strings.h>

#include "conditioning_priv.h"

/* Beside those that have a position: sphenoidal and anterior temporal electrodes. */
static const char *const scalp[] = {"T1", "T2", NULL};

/* First letters of labels that measure something else. */
static const char *const sensors[] = {"ECG", "EKG", "EOG", "EMG", "Resp", "HEOG", "VEOG", "LOC", "ROC", "Chin", "Pulse",
                                      "Pleth", "SpO2", "Abd", "Thor", "Flow", "Airflow", "Nasal", "Trig", "Status",
                                      "Stim", "DC", "Marker", "Event", "Photic", NULL};

static const char *const ear[] = {"A1", "A2", "M1", "M2", NULL};

typedef struct { const char *word, *name; } alias;

static const alias old_name[] = {{"T3", "T7"}, {"T4", "T8"}, {"T5", "P7"}, {"T6", "P8"}, {NULL, NULL}};

/* LE: both ears linked, LM: both mastoids, AVG: average of the channels. */
static const alias reference_word[] = {
  {"Ref", "Ref"}, {"R", "Ref"}, {"Vref", "Ref"}, {"Com", "Ref"}, {"G2", "Ref"}, {"Gnd", "Gnd"},
  {"LE", "LE"}, {"A1A2", "LE"}, {"A12", "LE"}, {"A1+A2", "LE"}, {"(A1+A2)/2", "LE"}, {"((A1+A2)/2)", "LE"},
  {"LM", "LM"}, {"M1M2", "LM"}, {"M12", "LM"}, {"M1+M2", "LM"}, {"(M1+M2)/2", "LM"}, {"((M1+M2)/2)", "LM"},
  {"AVG", "AVG"}, {"AVE", "AVG"}, {"AV", "AVG"}, {"AR", "AVG"}, {"CAR", "AVG"}, {"Average", "AVG"}, {NULL, NULL}};

static const char *in_list(const char *const *list, const char *word) {
  for (; *list; list++)
    if (strcasecmp(*list, word) == 0) return *list;
  return NULL;
}

static const char *in_aliases(const alias *list, const char *word) {
  for (; list->word; list++)
    if (strcasecmp(list->word, word) == 0) return list->name;
  return NULL;
}

/* The canonical name of an electrode on the scalp, in `name` where it is made of its letters and number. */
static const char *scalp_name(const char *word, char name[8]) {
  const char *known = in_aliases(old_name, word);
  if (!known) known = in_list(scalp, word);
  return known ? known : evl_position_name(word, name) ? name : NULL;
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

/* Copies [from, to) without blanks and without trailing dots. */
static void part(const char *from, const char *to, char *word, size_t size) {
  size_t n = 0;
  for (; from < to && n + 1 < size; from++)
    if (!is_blank(*from)) word[n++] = *from;
  while (n > 0 && word[n - 1] == '.') n--;
  word[n] = '\0';
}

/* Behind "EEG " or "POL " (Nihon Kohden), if anything is there. */
static const char *without_prefix(const char *text) {
  if (strncasecmp(text, "EEG", 3) != 0 && strncasecmp(text, "POL", 3) != 0) return text;
  const char *rest = text + 3 + strspn(text + 3, " _:-");
  return rest > text + 3 && *rest ? rest : text;
}

void evl_electrode_parse(const char *label, evl_electrode *electrode) {
  *electrode = (evl_electrode){.known = false};
  while (is_blank(*label)) label++;
  size_t n = strnlen(label, sizeof electrode->name - 1);
  while (n > 0 && is_blank(label[n - 1])) n--;
  memcpy(electrode->name, label, n);

  char left[81], right[81];
  const char *text = without_prefix(electrode->name), *end = electrode->name + n;
  const char *dash = strchr(text, '-');
  part(text, dash ? dash : end, left, sizeof left);
  part(dash ? dash + 1 : end, end, right, sizeof right);
  if (dash && !*right) return;

  char left_name[8], right_name[8];
  const char *on_scalp = scalp_name(left, left_name), *name = on_scalp ? on_scalp : in_list(ear, left);
  if (!name) return;
  const char *to_scalp = scalp_name(right, right_name), *to_ear = in_list(ear, right);
  const char *other = to_scalp ? to_scalp : !on_scalp ? to_ear : NULL; /* electrode that makes it a pair */
  const char *reference = to_ear ? to_ear : *right ? in_aliases(reference_word, right) : "";
  if (other && strcmp(other, name) != 0) {
    electrode->pair = true;
    strcpy(electrode->name, name);
    strcat(strcat(electrode->name, "-"), other);
    strcpy(electrode->reference, other);
  } else if (!other && reference) {
    electrode->known = true;
    strcpy(electrode->name, name);
    strcpy(electrode->reference, reference);
  }
}

bool evl_electrode_is_sensor(const evl_electrode *electrode) {
  if (electrode->known || electrode->pair) return false;
  for (int i = 0; sensors[i]; i++)
    if (strncasecmp(electrode->name, sensors[i], strlen(sensors[i])) == 0) return true;
  return false;
}

bool evl_electrode_is(const evl_electrode *electrode, const char *common, const char *name) {
  if (strcmp(electrode->name, name) == 0) return true;
  size_t n = strlen(name);
  return common && electrode->pair && strcmp(electrode->reference, common) == 0 &&
         strncmp(electrode->name, name, n) == 0 && electrode->name[n] == '-';
}

const char *evl_electrode_common(const evl_electrode *electrode, int n) {
  const char *common = NULL;
  int pairs = 0;
  for (int i = 0; i < n; i++) {
    if (!electrode[i].pair) continue;
    if (common && strcmp(common, electrode[i].reference) != 0) return NULL;
    common = electrode[i].reference;
    pairs++;
  }
  return pairs >= EVL_COMMON_PAIRS ? common : NULL;
}
