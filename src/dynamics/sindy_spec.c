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
