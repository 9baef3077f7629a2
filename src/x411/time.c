#include "x411/time.h"

/* Days from 1970-01-01 to the civil date (proleptic Gregorian calendar). */
static int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static unsigned days_in_month(int64_t year, unsigned month)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool two_digits(const uint8_t *p, unsigned *value)
{
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
        return false;
    *value = (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
    return true;
}

/* The zone after the digits: "Z", "+hhmm", "-hhmm" or nothing. */
static bool read_zone(bytes_t zone, int *minutes, bool *given)
{
    *minutes = 0;
    *given = zone.length > 0;
    if (zone.length == 0 || (zone.length == 1 && zone.data[0] == 'Z'))
        return true;
    unsigned hours;
    unsigned rest;
    if (zone.length != 5 || (zone.data[0] != '+' && zone.data[0] != '-') ||
        !two_digits(zone.data + 1, &hours) || !two_digits(zone.data + 3, &rest) || hours > 23 || rest > 59)
        return false;
    *minutes = (int)(hours * 60 + rest) * (zone.data[0] == '-' ? -1 : 1);
    return true;
}

/* The year of a date whose month, day, hour, minute (and perhaps second) are the last digits. */
static bool read_year(const uint8_t *digits, size_t count, int64_t *year)
{
    int64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value = value * 10 + (digits[i] - '0');
    if (count == 2)
        *year = value < 50 ? 2000 + value : 1900 + value;
    else if (count == 3) /* years since 1900, from systems that do not know of 2000 */
        *year = 1900 + value;
    else
        *year = value;
    return count >= 2 && count <= 4 && *year >= 1950 && *year < 2150;
}

static bool fields_to_utc(int64_t year, const unsigned field[5], int zone, utc_time_t *utc)
{
    if (field[0] < 1 || field[0] > 12 || field[1] < 1 || field[1] > days_in_month(year, field[0]) ||
        field[2] > 23 || field[3] > 59 || field[4] > 60)
        return false;
    int64_t seconds = days_from_civil(year, field[0], field[1]) * 86400 + (int64_t)field[2] * 3600 +
                      (int64_t)field[3] * 60 + field[4] - (int64_t)zone * 60;
    *utc = TIME_SECONDS(seconds);
    return true;
}

x411_time_quality_t x411_time_read(bytes_t text, utc_time_t *utc)
{
    *utc = 0;
    if (text.length == 0)
        return X411_TIME_EMPTY;
    size_t digits = 0;
    while (digits < text.length && text.data[digits] >= '0' && text.data[digits] <= '9')
        digits++;
    int zone;
    bool zone_given;
    if (digits < 10 || digits > 14 || !read_zone(bytes_slice(text, digits, SIZE_MAX), &zone, &zone_given))
        return X411_TIME_BAD;
    /* 10 and 12 digits are the two forms of UTCTime. A year of three digits makes 11 or 13. 14 digits have a
     * year of four; so have 12 that begin with a century, if as UTCTime they would be no date. */
    for (size_t year_digits = 2; year_digits <= 4; year_digits++) {
        size_t rest = digits - year_digits;
        if (rest != 8 && rest != 10)
            continue;
        unsigned field[5] = {0, 0, 0, 0, 0};
        bool ok = true;
        for (size_t i = 0; i < rest / 2; i++)
            ok = two_digits(text.data + year_digits + 2 * i, &field[i]) && ok;
        int64_t year;
        if (ok && read_year(text.data, year_digits, &year) && fields_to_utc(year, field, zone, utc)) {
            if (year_digits > 2)
                return X411_TIME_LONG_YEAR;
            return zone_given ? X411_TIME_GOOD : X411_TIME_NO_ZONE;
        }
    }
    return X411_TIME_BAD;
}

bool x411_time_to_utc(const x411_time_t *time, utc_time_t *utc)
{
    return x411_time_read(time->text, utc) <= X411_TIME_LONG_YEAR;
}

static void put_two(char *p, int64_t value)
{
    p[0] = (char)('0' + value / 10 % 10);
    p[1] = (char)('0' + value % 10);
}

void x411_time_write(utc_time_t utc, char *text)
{
    int64_t least = days_from_civil(1950, 1, 1) * 86400;
    int64_t most = days_from_civil(2050, 1, 1) * 86400 - 1;
    int64_t seconds = utc / 1000000 - (utc % 1000000 < 0);
    seconds = seconds < least ? least : seconds > most ? most : seconds;
    int64_t days = seconds / 86400 - (seconds % 86400 < 0);
    int64_t of_day = seconds - days * 86400;
    int64_t shifted = days + 719468;
    int64_t era = shifted / 146097;
    int64_t of_era = shifted - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_index = (5 * of_year + 2) / 153;
    int64_t day = of_year - (153 * month_index + 2) / 5 + 1;
    int64_t month = month_index < 10 ? month_index + 3 : month_index - 9;
    int64_t year = year_of_era + era * 400 + (month <= 2);
    put_two(text, year % 100);
    put_two(text + 2, month);
    put_two(text + 4, day);
    put_two(text + 6, of_day / 3600);
    put_two(text + 8, of_day / 60 % 60);
    put_two(text + 10, of_day % 60);
    text[12] = 'Z';
}

x411_time_t x411_time_from_utc(apr_pool_t *pool, utc_time_t utc)
{
    char *text = apr_palloc(pool, X411_TIME_SIZE + 1);
    x411_time_write(utc, text);
    text[X411_TIME_SIZE] = '\0';
    return (x411_time_t){bytes_make(text, X411_TIME_SIZE)};
}
