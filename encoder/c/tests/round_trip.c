/* Calls every function of sigma.h; ends with 0 if all is as the header says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sigma.h"

#define CHECK(what)                                                                    \
    do {                                                                               \
        if (!(what)) {                                                                 \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #what,              \
                    sigma_error_message());                                            \
            exit(1);                                                                   \
        }                                                                              \
    } while (0)

/* Encoded bytes that are given a few at a time. */
struct source {
    const uint8_t *bytes;
    size_t len;
    int fails;
};

static ptrdiff_t give(void *context, uint8_t *bytes, size_t len) {
    struct source *source = context;
    if (source->fails) {
        return -1;
    }
    size_t given = source->len < 7 ? source->len : 7;
    given = given < len ? given : len;
    memcpy(bytes, source->bytes, given);
    source->bytes += given;
    source->len -= given;
    return (ptrdiff_t)given;
}

static const uint8_t *bytes(const char *text) {
    return (const uint8_t *)text;
}

static void at_once(const uint8_t *document, size_t len) {
    sigma_buffer encoded = {NULL, 0, 0}, decoded = {NULL, 0, 0};
    for (int level = SIGMA_FAST; level <= SIGMA_MAX; level++) {
        CHECK(sigma_encode(document, len, level, &encoded) == SIGMA_OK);
        CHECK(encoded.len > 0);
        CHECK(sigma_decode(encoded.data, encoded.len, 0, 0, &decoded) == SIGMA_OK);
        CHECK(decoded.len == len && (len == 0 || memcmp(decoded.data, document, len) == 0));
        sigma_buffer_free(&decoded);
        if (len > 1) {
            CHECK(sigma_decode(encoded.data, encoded.len, len - 1, 0, &decoded) == SIGMA_ERROR_LIMIT);
            CHECK(sigma_decode(encoded.data, encoded.len, 0, 1000, &decoded) == SIGMA_ERROR_LIMIT);
        }
        CHECK(sigma_decode(encoded.data, encoded.len - 1, 0, 0, &decoded) == SIGMA_ERROR_DATA);
        CHECK(decoded.len == 0);
        sigma_buffer_free(&encoded);
    }
}

static void piece_by_piece(const uint8_t *document, size_t len) {
    sigma_buffer encoded = {NULL, 0, 0};
    sigma_encoder *encoder = sigma_encoder_new(SIGMA_DEFAULT);
    CHECK(encoder != NULL);
    for (size_t at = 0; at < len; at += 100) {
        size_t piece = len - at < 100 ? len - at : 100;
        CHECK(sigma_encoder_write(encoder, document + at, piece, &encoded) == SIGMA_OK);
    }
    CHECK(sigma_encoder_finish(encoder, &encoded) == SIGMA_OK);

    struct source source = {encoded.data, encoded.len, 0};
    sigma_decoder *decoder = sigma_decoder_new(give, &source, 0, 0);
    CHECK(decoder != NULL);
    uint8_t part[33];
    size_t read = 0, at = 0;
    do {
        CHECK(sigma_decoder_read(decoder, part, sizeof part, &read) == SIGMA_OK);
        CHECK(at + read <= len && memcmp(part, document + at, read) == 0);
        at += read;
    } while (read > 0);
    CHECK(at == len);
    sigma_decoder_free(decoder);

    struct source broken = {encoded.data, encoded.len - 1, 0};
    decoder = sigma_decoder_new(give, &broken, 0, 0);
    int code = decoder == NULL ? SIGMA_ERROR_DATA : SIGMA_OK;
    while (code == SIGMA_OK) {
        code = sigma_decoder_read(decoder, part, sizeof part, &read);
        CHECK(code != SIGMA_OK || read > 0);
    }
    CHECK(code == SIGMA_ERROR_DATA && strlen(sigma_error_message()) > 0);
    sigma_decoder_free(decoder);
    sigma_buffer_free(&encoded);
}

static void wrong_calls(void) {
    sigma_buffer out = {NULL, 0, 0};
    CHECK(sigma_encode(bytes("[]"), 2, 7, &out) == SIGMA_ERROR_USAGE);
    CHECK(sigma_encode(NULL, 2, SIGMA_FAST, &out) == SIGMA_ERROR_USAGE);
    CHECK(sigma_encode(bytes("[]"), 2, SIGMA_FAST, NULL) == SIGMA_ERROR_USAGE);
    CHECK(sigma_decode(bytes("plain"), 5, 0, 0, &out) == SIGMA_ERROR_DATA);
    CHECK(strstr(sigma_error_message(), "not a sigma file") != NULL);
    CHECK(sigma_encoder_new(-1) == NULL);
    CHECK(sigma_encoder_write(NULL, NULL, 0, &out) == SIGMA_ERROR_USAGE);
    CHECK(sigma_encoder_finish(NULL, &out) == SIGMA_ERROR_USAGE);
    CHECK(sigma_decoder_new(NULL, NULL, 0, 0) == NULL);
    struct source fails = {NULL, 0, 1};
    CHECK(sigma_decoder_new(give, &fails, 0, 0) == NULL);
    CHECK(strstr(sigma_error_message(), "callback") != NULL);
    size_t read = 1;
    CHECK(sigma_decoder_read(NULL, NULL, 0, &read) == SIGMA_ERROR_USAGE);
    sigma_encoder_free(sigma_encoder_new(SIGMA_MAX));
    sigma_encoder_free(NULL);
    sigma_decoder_free(NULL);
    sigma_buffer_free(NULL);
    sigma_buffer_free(&out);
    sigma_buffer_free(&out);
}

int main(void) {
    CHECK(strchr(sigma_version(), '.') != NULL);
    const size_t line_len = 27, count = 10000;
    char *document = malloc(line_len * count + 1);
    CHECK(document != NULL);
    for (size_t n = 0; n < count; n++) {
        snprintf(document + n * line_len, line_len + 1, "{\"id\":%09zu,\"ok\":true}\n", n);
    }
    size_t lens[] = {0, 1, line_len, 3000, line_len * count};
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        at_once(bytes(document), lens[i]);
        piece_by_piece(bytes(document), lens[i]);
    }
    wrong_calls();
    free(document);
    puts("ok");
    return 0;
}
