/* damage: traces of a text-mode transfer in files of records (EDF, BDF). */
#ifndef EVEIL_DAMAGE_PRIV_H
#define EVEIL_DAMAGE_PRIV_H

#include "reader_priv.h"
#include "tal_priv.h"

enum {
  EVL_DAMAGE_CARRY = 64,      /* bytes kept of the block before: an onset and a pair may straddle */
  EVL_DAMAGE_PIECE = 192,     /* bytes whose roughness is judged at once: whole samples of 2 or 3 bytes */
  EVL_DAMAGE_BLOCK = 80 * EVL_DAMAGE_PIECE
};

/* Where the time-keeping annotations lie. */
typedef struct evl_places {
  int64_t offset, bytes;      /* of the first annotation signal in a record; offset -1: none */
  int64_t sound_bytes;        /* of it and the annotation signals right behind it */
  int64_t cursor;             /* scanned up to here */
  enum { EVL_PLACE_UNSEEN, EVL_PLACE_RIGHT, EVL_PLACE_WRONG } place; /* of the present record */
  int64_t strays;             /* time-keepers elsewhere in the present record */
  int64_t misplaced;          /* strays of records whose own place holds none */
  int64_t last_right;         /* record; -1 */
} evl_places;

/* Pairs of bytes since the last place that was right. */
typedef struct evl_pairs {
  int64_t lf, crlf, crlf_runs;
  int64_t near[8];            /* pairs that differ from CR LF by one or two in one byte */
} evl_pairs;

/* Which byte of the samples is the smooth one: the high one, unless bytes slipped. A run is of pieces
   that slipped, one after the other; a span is a record, or as many as hold enough pieces. */
typedef struct evl_phases {
  int64_t learned, reference_run; /* pieces and longest run of the first two records, or more of small ones */
  int64_t run, longest_run;       /* the present one; the longest after those records */
  int64_t judged, slipped;        /* pieces in all */
  int64_t span_end, span_judged, span_slipped;
  int64_t spans, cleanest, dirtiest; /* percent of slipped pieces */
} evl_phases;

struct evl_damage {
  bool known;                 /* the format is one of records */
  bool whole;                 /* nothing was skipped */
  int width;
  double record_s;
  bool discontinuous, truncated;
  int64_t file_bytes, data_start, record_bytes, n_records;
  int64_t position;           /* of the next byte in the file */
  int64_t sound;              /* before here, counted from data_start, no byte is lost or added */
  evl_places places;
  evl_pairs pairs;
  evl_phases phases;
  size_t filled;
  uint8_t bytes[EVL_DAMAGE_CARRY + EVL_DAMAGE_BLOCK];
};

/* Bytes [EVL_DAMAGE_CARRY, EVL_DAMAGE_CARRY + n) of `bytes` begin at `start` (from data_start). */
void evl_places_scan(evl_damage *damage, int64_t start, size_t n);
void evl_pairs_scan(evl_pairs *pairs, const uint8_t *bytes, size_t n); /* bytes[-3..-1] are readable */
void evl_phases_scan(evl_damage *damage, int64_t start, const uint8_t *bytes, size_t n);

/* Forgets all but the reference: nothing slipped so far. */
void evl_phases_sound(evl_phases *phases);

/* NULL where nothing speaks for a transfer, else what does, in words. */
const char *evl_pairs_judge(const evl_pairs *pairs, int64_t excess);
bool evl_phases_judge(const evl_phases *phases, bool truncated);

/* Looks at the fed bytes that do not fill a block yet. */
void evl_damage_scan(evl_damage *damage);
/* Goes on at byte `position`: the bytes between are not looked at. */
void evl_damage_skip(evl_damage *damage, int64_t position);
/* A bounded look at an opened file: its end, then the whole of small files or both ends of large ones. */
evl_status evl_damage_open(evl_reader *reader) EVL_MUST_USE;

#endif
