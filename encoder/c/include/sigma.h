/* sigma: JSON, NDJSON and any other bytes in few bytes, and back.
 *
 * All functions may be called by several threads, each with its own objects. None of them keeps a pointer
 * that it was given, but for the context of a decoder. */
#ifndef SIGMA_H
#define SIGMA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What functions return. */
enum {
    SIGMA_OK = 0,
    /* Reading failed: the callback said so. */
    SIGMA_ERROR_IO = 1,
    /* The bytes are no encoding, or damaged, or end too early. */
    SIGMA_ERROR_DATA = 2,
    /* The encoding needs a newer library. */
    SIGMA_ERROR_UNSUPPORTED = 3,
    /* A limit that was set would be exceeded. */
    SIGMA_ERROR_LIMIT = 4,
    /* A pointer is null, or a level is none. */
    SIGMA_ERROR_USAGE = 5,
    /* The library gave up: a bug. */
    SIGMA_ERROR_BUG = 6
};

/* How hard to work. */
enum {
    /* Least time, 16 MB of memory. */
    SIGMA_FAST = 0,
    /* The smallest output that fits 8 MB of memory. */
    SIGMA_DEFAULT = 1,
    /* The smallest output that fits 24 MB of memory. */
    SIGMA_MAX = 2
};

/* Bytes that the library allocated; begin with { NULL, 0, 0 }, end with sigma_buffer_free. */
typedef struct sigma_buffer {
    uint8_t *data;
    size_t len;
    size_t capacity;
} sigma_buffer;

/* The version, such as "0.1.0". */
const char *sigma_version(void);

/* What went wrong last in this thread, for people; valid until the next call in this thread. */
const char *sigma_error_message(void);

/* Frees the bytes; the buffer is empty then, and may be used again. */
void sigma_buffer_free(sigma_buffer *buffer);

/* Appends the encoding of a document to `out`. */
int sigma_encode(const uint8_t *document, size_t len, int level, sigma_buffer *out);

/* Appends the document of an encoding to `out`. More than `output_max` bytes are refused, and what takes more
 * than `memory_max` bytes of memory; 0 is no limit. After an error nothing was appended. */
int sigma_decode(const uint8_t *encoded, size_t len, uint64_t output_max, uint64_t memory_max,
                 sigma_buffer *out);

/* Encodes a document that comes in pieces. */
typedef struct sigma_encoder sigma_encoder;

/* NULL if the level is none. */
sigma_encoder *sigma_encoder_new(int level);

/* Takes bytes of the document and appends encoded bytes, if there are any yet, to `out`. */
int sigma_encoder_write(sigma_encoder *encoder, const uint8_t *bytes, size_t len, sigma_buffer *out);

/* Ends the document, appends what is left to `out`, and frees the encoder, also after an error. */
int sigma_encoder_finish(sigma_encoder *encoder, sigma_buffer *out);

/* Frees an encoder that is not to finish; NULL is none. */
void sigma_encoder_free(sigma_encoder *encoder);

/* Decodes a document piece by piece. */
typedef struct sigma_decoder sigma_decoder;

/* Reads at most `len` encoded bytes; returns how many, 0 at the end, negative if it failed. */
typedef ptrdiff_t (*sigma_read)(void *context, uint8_t *bytes, size_t len);

/* NULL if nothing could be read or it is no encoding: sigma_error_message says why. Limits as in sigma_decode. */
sigma_decoder *sigma_decoder_new(sigma_read read, void *context, uint64_t output_max,
                                 uint64_t memory_max);

/* Puts at most `len` bytes of the document at `bytes` and how many into `read`: 0 at the end, when all checks
 * were right. What was given out before may be wrong if an error follows. */
int sigma_decoder_read(sigma_decoder *decoder, uint8_t *bytes, size_t len, size_t *read);

/* Frees a decoder; NULL is none. */
void sigma_decoder_free(sigma_decoder *decoder);

#ifdef __cplusplus
}
#endif

#endif
