/* sindy_spec: what the parameters of sindy say. */
#include <string.h>

#include "sindy_model_priv.h"

bool evl_sindy_is_discrete(const evl_params *p) { return !strcmp(evl_params_string(p, "form"), "discrete"); }

bool evl_sindy_is_common(const evl_params *p) {
  const char *latent = evl_params_string(p, "latent");
  return !strcmp(latent, "regions") || !strcmp(latent, "channels");
}

evl_status evl_sindy_specification(const evl_params *p, const evl_montage *montage, evl_arena *arena,
                                   evl_library_spec *spec) {
  *spec = (evl_library_spec){.n_states = evl_latent_dimension(p, montage), .degree = (int)evl_params_int(p, "degree"),
                             .constant = evl_params_bool(p, "constant"),
                             .n_frequencies = (int)evl_params_int(p, "frequencies"),
                             .products = evl_params_bool(p, "products")};
  if (!strcmp(evl_params_string(p, "latent"), "channels")) spec->names = montage->name;
  if (strcmp(evl_params_string(p, "latent"), "regions")) return EVL_OK;
  const evl_value *regions = evl_params_value(p, "latent_regions");
  const char **name;
  EVL_NEW(arena, name, spec->n_states);
  for (int i = 0; i < regions->n; i++) name[regions->patterns[i].name_index] = regions->patterns[i].name;
  spec->names = name;
  return EVL_OK;
}

evl_status evl_sindy_dimensions(const evl_library *library, bool square, evl_arena *arena, evl_tensor *tensor) {
  const int p = evl_library_terms(library), d = evl_library_specification(library)->n_states;
  const int first = evl_library_specification(library)->constant; /* the linear terms are named as the coordinates */
  const char **term;
  EVL_NEW(arena, term, p);
  for (int i = 0; i < p; i++) term[i] = evl_library_name(library, i);
  tensor->n_dimensions = 2;
  tensor->dimension[0] = (evl_dimension){.name = "term", .size = p, .label = term, .unit = ""};
  tensor->dimension[1] = square ? (evl_dimension){.name = "term_b", .size = p, .label = term, .unit = ""}
                                : (evl_dimension){.name = "coordinate", .size = d, .label = term + first, .unit = ""};
  tensor->size = (size_t)p * (size_t)tensor->dimension[1].size;
  return EVL_OK;
}

/* Resamples by moments cost most where terms are few, by evidence where they are many; measured on both. */
double evl_sindy_cost_us(const evl_params *p, const evl_shape *shape) {
  const double d = evl_latent_dimension(p, shape->montage), n = shape->n_samples;
  const double resamples = (double)evl_params_int(p, "resamples");
  const double blocks = evl_params_real(p, "train_share") * n / shape->fs_hz / evl_params_real(p, "block_s");
  double terms = 1.0;
  for (int k = 1; k <= evl_params_int(p, "degree"); k++) terms = terms * (d + k) / k;
  terms += 2.0 * (double)evl_params_int(p, "frequencies") * d * (evl_params_bool(p, "products") ? 1.0 + d : 1.0);
  const bool moments = !strcmp(evl_params_string(p, "solver"), "choice") && 2.0 * blocks >= terms;
  const double choice = moments ? 0.5 * d * terms * terms : 8e-5 * terms * terms * terms * (d + 3.0);
  const double flows = evl_sindy_is_discrete(p) ? 1.0 : 8.0;
  return evl_latent_cost_us(p, shape) + evl_forecast_cost_us(p, shape) + 5e-5 * n * terms * (terms + 40.0) +
         resamples * choice + 2.5 * 256.0 * 25.0 * flows * 1e-3 * terms * d;
}
