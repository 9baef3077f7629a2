#include "x411/types.h"

bool x411_is_printable(bytes_t text)
{
    for (size_t i = 0; i < text.length; i++) {
        uint8_t c = text.data[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!letter && (c == 0 || !strchr(" '()+,-./:=?", c)))
            return false;
    }
    return true;
}

bool x411_is_numeric(bytes_t text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] != ' ' && (text.data[i] < '0' || text.data[i] > '9'))
            return false;
    return true;
}

static uint8_t fold(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bytes_t trim(bytes_t text)
{
    while (text.length && text.data[0] == ' ')
        text = bytes_slice(text, 1, SIZE_MAX);
    while (text.length && text.data[text.length - 1] == ' ')
        text.length--;
    return text;
}

bool x411_text_equal(bytes_t a, bytes_t b)
{
    a = trim(a);
    b = trim(b);
    size_t i = 0;
    size_t j = 0;
    while (i < a.length && j < b.length) {
        if (fold(a.data[i]) != fold(b.data[j]))
            return false;
        bool space = a.data[i] == ' ';
        i++;
        j++;
        if (space) {
            while (i < a.length && a.data[i] == ' ')
                i++;
            while (j < b.length && b.data[j] == ' ')
                j++;
        }
    }
    return i == a.length && j == b.length;
}
