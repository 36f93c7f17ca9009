/* preset: a convention's values of parameters. */
#include <string.h>

#include "parts_priv.h"

const evl_params *evl_settings_of(const evl_params *params, const char *convention, const evl_preset *preset,
                                  evl_settings *settings) {
  if (strcmp(evl_params_string(params, "convention"), convention) || params->n > EVL_SETTINGS_MOST) return params;
  memcpy(settings->value, params->value, (size_t)params->n * sizeof *settings->value);
  settings->params = (evl_params){params->n, settings->value};
  for (; preset->name; preset++) {
    evl_value *v = settings->value;
    while (strcmp(v->param->name, preset->name)) v++;
    if (v->given) continue;
    v->real = preset->number;
    v->integer = (int64_t)preset->number;
    if (preset->text) v->string = preset->text;
  }
  return &settings->params;
}
