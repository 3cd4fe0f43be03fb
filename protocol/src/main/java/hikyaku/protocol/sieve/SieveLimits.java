package hikyaku.protocol.sieve;

/**
 * What a script may take.
 *
 * @param scriptOctets octets of a script; the largest that filter rules of programs are known to
 *     grow to fits several times
 * @param nesting blocks and tests inside one another; RFC 5228 §2.10.7 asks for 15 at least
 * @param includeDepth scripts that include one another, the first one too (RFC 6609 §3.1: three at
 *     least)
 * @param includes scripts that a run includes
 * @param loops loops over parts inside one another, those of included scripts too
 * @param nodes commands, tests and arguments of a script, each string of a list counted
 * @param actions actions of one run
 * @param redirects of them, redirects (RFC 5228 §10: a message must not be multiplied)
 * @param variables variables of a run (RFC 5229 §6: 128 at least)
 * @param variableCharacters characters of a variable's value, cut there (RFC 5229 §6: 4000 at
 *     least)
 * @param textCharacters characters of a text when its variables are filled in; a script's own text
 *     fits
 * @param questions what a run may ask about mailboxes, annotations, lists, addresses of the user
 *     and messages that came before: each may be a question to the store
 * @param duplicates messages that a run may ask to be remembered (RFC 7352)
 * @param regexSize what a regular expression may come to, each repeated part counted as often as it
 *     may stand; matching takes memory and time by it
 * @param flags flags that an action or a variable may have; further ones are passed over
 * @param headerOctets octets of a message's header that are looked at
 * @param bodyOctets octets of decoded text that the body test looks at over all parts; what is
 *     behind is not found
 * @param madeOctets octets that a run may put into the message in place of parts and around it
 * @param enclosures how often a run may put another message around it
 * @param steps characters compared and fields looked through in a run
 */
public record SieveLimits(
    int scriptOctets,
    int nesting,
    int includeDepth,
    int includes,
    int loops,
    int nodes,
    int actions,
    int redirects,
    int variables,
    int variableCharacters,
    int textCharacters,
    int questions,
    int duplicates,
    int regexSize,
    int flags,
    int headerOctets,
    int bodyOctets,
    int madeOctets,
    int enclosures,
    long steps) {
  public static final SieveLimits DEFAULTS =
      new SieveLimits(
          256 * 1024,
          32,
          10,
          100,
          4,
          50_000,
          32,
          4,
          256,
          8_192,
          256 * 1024,
          500,
          32,
          2_000,
          64,
          256 * 1024,
          1024 * 1024,
          1024 * 1024,
          4,
          20_000_000);

  /** The same with another number of redirects. */
  public SieveLimits withRedirects(int number) {
    return new SieveLimits(
        scriptOctets,
        nesting,
        includeDepth,
        includes,
        loops,
        nodes,
        actions,
        number,
        variables,
        variableCharacters,
        textCharacters,
        questions,
        duplicates,
        regexSize,
        flags,
        headerOctets,
        bodyOctets,
        madeOctets,
        enclosures,
        steps);
  }
}
