package hikyaku.protocol.imap;

/**
 * What one command may ask of the server's memory and time.
 *
 * @param lineBeforeLogin octets of one line before login; 16 KiB leaves room for any SASL initial
 *     response while a stranger can hold little memory. Reply: BAD, the line is read and dropped
 * @param line octets of one line after login; 64 KiB, since clients write sets of thousands of UIDs
 *     on one line (RFC 7162 §4 asks for 8192). Reply: BAD, the line is read and dropped
 * @param literalBeforeLogin octets of one collected literal before login; names and passwords are
 *     short. Reply: BAD
 * @param literal octets of one collected literal after login: mailbox names and search texts, never
 *     messages. Reply: BAD [TOOBIG]
 * @param commandBeforeLogin octets collected for one command before login. Reply: BAD
 * @param command octets collected for one command after login, messages not counted. Reply: BAD
 *     [TOOBIG]
 * @param literals literals of one command, so that a command of countless empty ones ends. Reply:
 *     BAD [LIMIT]
 * @param discardBeforeLogin octets of refused non-synchronising literals that are read to stay in
 *     step before login. Reply above it: BYE
 * @param discard the same after login; large, so that a client that pushes a message over the limit
 *     is told so instead of being cut off (RFC 7888 §4). Reply above it: BYE
 * @param urls URLs that one APPEND or REPLACE names, each of which opens a mailbox and a message
 *     (RFC 4469). Reply: BAD [LIMIT]
 * @param url octets of such a URL; it is repeated in replies. Reply: BAD [LIMIT]
 * @param tag octets of a tag; it is repeated in replies. Reply: untagged BAD
 * @param sequenceRanges ranges in one sequence set. Reply: BAD [LIMIT]
 * @param searchKeys keys of one search, so that a message is judged in bounded time. Reply: BAD
 *     [LIMIT]
 * @param searchDepth nesting of NOT, OR and parentheses; recursion follows it. Reply: BAD [LIMIT]
 * @param sortKeys criteria of one SORT; there are nine, and none is of use twice. Reply: BAD
 *     [LIMIT]
 * @param fetchItems items of one FETCH. Reply: BAD [LIMIT]
 * @param headerFields names in one HEADER.FIELDS list. Reply: BAD [LIMIT]
 * @param partDepth numbers in one part path. Reply: BAD [LIMIT]
 * @param flags flags named by one command. Reply: BAD [LIMIT]
 * @param keywordLength octets of a keyword; it is kept with the mailbox. Reply: NO [LIMIT]
 * @param mailboxName octets of a mailbox name in UTF-8. Reply: NO [CANNOT]
 * @param patterns patterns of one LIST; each is matched with each mailbox. Reply: BAD [LIMIT]
 * @param patternWork the most that the lengths of a LIST's patterns may add up to. Reply: BAD
 *     [LIMIT]
 * @param idFields field and value pairs of ID (RFC 2971 §3.3 says 30). Reply: BAD [LIMIT]
 * @param capabilities names of one ENABLE, and languages of one LANGUAGE. Reply: BAD [LIMIT]
 * @param quotaResources resources of one SETQUOTA; there are two. Reply: BAD [LIMIT]
 * @param filterMailboxes mailboxes that one ESEARCH or NOTIFY names. Reply: BAD [LIMIT]
 * @param remembered octets of a command that goes along wherever the session goes: ESEARCH, NOTIFY,
 *     and a search with UPDATE. Reply: BAD [LIMIT]; NO [NOUPDATE]
 * @param notifyMailboxes mailboxes that one session can be told of by NOTIFY; where their logs
 *     stood goes along with it. Reply: NO [NOTIFICATIONOVERFLOW], later OK with that
 * @param notifyNames names and annotations of one account that NOTIFY tells of at once. Reply: OK
 *     [NOTIFICATIONOVERFLOW]
 * @param updates searches that a session keeps up to date (RFC 5267 §4.3). Reply: NO [NOUPDATE]
 * @param updateResults messages that such a search may find; they go along with the session. Reply:
 *     NO [NOUPDATE]
 * @param annotations entries that one command names (RFC 5464). Reply: BAD [LIMIT]
 * @param entryName octets of an entry's name; it is kept with the annotation. Reply: BAD [LIMIT]
 * @param annotation octets of an annotation's value, which nodes keep in memory with the folders;
 *     RFC 5464 §4.1 asks for 1024. Reply: NO [METADATA MAXSIZE]
 */
public record ImapLimits(
    int lineBeforeLogin,
    int line,
    int literalBeforeLogin,
    int literal,
    int commandBeforeLogin,
    int command,
    int literals,
    long discardBeforeLogin,
    long discard,
    int urls,
    int url,
    int tag,
    int sequenceRanges,
    int searchKeys,
    int searchDepth,
    int sortKeys,
    int fetchItems,
    int headerFields,
    int partDepth,
    int flags,
    int keywordLength,
    int mailboxName,
    int patterns,
    int patternWork,
    int idFields,
    int capabilities,
    int quotaResources,
    int filterMailboxes,
    int remembered,
    int notifyMailboxes,
    int notifyNames,
    int updates,
    int updateResults,
    int annotations,
    int entryName,
    int annotation) {
  public static final ImapLimits DEFAULT =
      new ImapLimits(
          16 * 1024,
          64 * 1024,
          4 * 1024,
          64 * 1024,
          32 * 1024,
          1024 * 1024,
          1000,
          64 * 1024,
          256L * 1024 * 1024,
          200,
          4000,
          128,
          50_000,
          2000,
          50,
          18,
          200,
          500,
          100,
          200,
          255,
          1000,
          50,
          4000,
          30,
          50,
          16,
          200,
          8 * 1024,
          500,
          100,
          8,
          2000,
          100,
          250,
          16 * 1024);
}
