/* format_options: the keys of the formats, from a configuration. */
#include "reader_priv.h"

evl_status evl_format_options_read(evl_group *formats, evl_arena *arena, evl_format_options *options) {
  int n = 0, n_named = 0;
  while (evl_formats[n]) n++;
  const char **named;
  const evl_params **params;
  EVL_NEW(arena, named, n + 1);
  EVL_NEW(arena, params, n);
  for (int i = 0; i < n; i++)
    if (evl_formats[i]->params) named[n_named++] = evl_formats[i]->name;
  evl_params *read;
  EVL_TRY(evl_group_params(formats, "formats", NULL, 0, named, NULL, arena, &read));
  for (int i = 0; i < n; i++) {
    const evl_param *table = evl_formats[i]->params;
    evl_group *own;
    if (!table) continue;
    EVL_TRY(evl_group_child(formats, evl_formats[i]->name, &own));
    EVL_TRY(evl_group_params(own, evl_formats[i]->name, &table, 1, NULL, NULL, arena, &read));
    params[i] = read;
  }
  *options = (evl_format_options){.params = params};
  return EVL_OK;
}
