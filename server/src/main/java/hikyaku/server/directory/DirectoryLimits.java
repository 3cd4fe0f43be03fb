package hikyaku.server.directory;

/**
 * Bounds of the directory.
 *
 * @param aliasDepth how many aliases may lead to one another before an account. 8: more is a
 *     mistake
 * @param aliasTargets how many addresses one alias may name. 500: more are what mailing lists are
 *     for
 * @param expansion how many addresses one recipient may turn into in all. 1000: each is a copy to
 *     deliver within one SMTP transaction's time
 * @param cachedFolds how many domains, addresses and accounts are kept in memory, each kind. 20000:
 *     about 1 KiB each
 * @param displayName characters of a display name. 256
 */
public record DirectoryLimits(
    int aliasDepth, int aliasTargets, int expansion, int cachedFolds, int displayName) {
  public static final DirectoryLimits DEFAULTS = new DirectoryLimits(8, 500, 1000, 20_000, 256);
}
