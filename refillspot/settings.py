"""Every setting: its default, its unit, who reads it. Imported by nothing; components read `crawler.settings`.

Where a line deviates from Scrapy's default, it says why. Addresses of servers and keys come from the environment or
`.env` (see .env.example), never from here. docs/settings.md is made of the comments here, with each setting's default
and readers: `make docs`. A comment is what stands behind a setting, or right above it.
"""

from urllib.request import getproxies

BOT_NAME = "refillspot"
SPIDER_MODULES = ["refillspot.spiders"]
NEWSPIDER_MODULE = "refillspot.spiders"
COMMANDS_MODULE = "refillspot.commands"
ADDONS = {"refillspot.addon.RefillspotAddon": 0}  # resolves the addresses of PostgreSQL and Redis

# --- The site. Read by the spider.
DININGCODE_API_URL = "https://im.diningcode.com"  # scheme and host of the API; a replica's address goes here
DININGCODE_WEB_URL = "https://www.diningcode.com"  # scheme and host of the pages for people
# Of the site, or the names of the settings that hold them: where its API is first, where its pages are last
SITE_ADDRESSES = [
    "DININGCODE_API_URL",
    "DININGCODE_WEB_URL",
]

# --- Which pages are fetched. Read by the spider

# Share of the stores that their list row calls no refill stores, 0 to 1, whose pages are fetched all the same:
# `diningcode/samples_refill` counts those that are some; 1 = fetch all
UNLIKELY_SAMPLE_SHARE = 0.02

# --- Politeness: one budget for all workers and both hosts. Read by the middlewares
POLITENESS_REQUESTS_PER_SECOND = 1.0  # the ceiling, for all workers together; 0 = no limit, for a replica on loopback
# True: its owner has agreed to more than 10 requests a second; else that is refused, unless the site is on this
# machine, and not believed when Redis says it
POLITENESS_FAST_ALLOWED = False
# All workers stop for so long after a verification page, twice as long when it comes again; the site's own ban is 150 s
POLITENESS_BLOCK_SECONDS = 180.0
CRAWL_WINDOW = ""  # as `01:00-06:00` or `22:00-04:00`, Korean time: outside it workers wait; empty = the whole day
DOWNLOADER_MIDDLEWARES = {
    "refillspot.middlewares.BarredMiddleware": 80,  # first: what is hidden is asked for by no way
    "refillspot.middlewares.FallbackMiddleware": 90,  # before robots.txt: the page may be of another host than the API
    "refillspot.middlewares.RobotsMiddleware": 100,  # Scrapy's allows everything where rules are not known
    "refillspot.middlewares.UserAgentMiddleware": 500,  # Scrapy's knows one name only
    "refillspot.middlewares.RetryAfterMiddleware": 550,  # Scrapy's retries at once; here a retry waits in the queue
    # Before politeness: a hit costs the site nothing. Before HttpCompression (590): bodies come here unpacked. After
    # the retries: each failure comes here, and an old page may stand in for it.
    "refillspot.middlewares.RedisCacheMiddleware": 560,
    "refillspot.middlewares.AllowedPartsMiddleware": 570,  # nothing that a visitor wrote is kept by those before it
    "refillspot.middlewares.DistressMiddleware": 580,  # sees what came from the site only, unpacked
    "refillspot.middlewares.SiteRedirectMiddleware": 600,  # Scrapy's follows to any host; <meta refresh> is none here
    "refillspot.middlewares.PolitenessMiddleware": 890,  # what leaves here is sent
    "refillspot.middlewares.LastLookMiddleware": 895,  # unless the API has gone down while it waited
    "refillspot.middlewares.NetworkMiddleware": 897,  # first to hear of a failure: what is no sign of the site's health
}
SPIDER_MIDDLEWARES = {
    "refillspot.middlewares.SeedMiddleware": 25,  # Scrapy's StartSpiderMiddleware sees every output of the spider
    "refillspot.middlewares.ReadingMiddleware": 900,
}

# --- What of Scrapy's own is on, docs/adr/0013. None in the settings above would switch the rest off, and import it all
# the same: a fifth of a second at each start
DOWNLOADER_MIDDLEWARES_BASE = {
    "scrapy.downloadermiddlewares.downloadtimeout.DownloadTimeoutMiddleware": 350,
    "scrapy.downloadermiddlewares.defaultheaders.DefaultHeadersMiddleware": 400,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": 590,
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": 750,
    "scrapy.downloadermiddlewares.stats.DownloaderStats": 850,
}
SPIDER_MIDDLEWARES_BASE = {
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": 50,
    "scrapy.spidermiddlewares.referer.RefererMiddleware": 700,  # SiteRedirectMiddleware asks for it
}
EXTENSIONS_BASE = {
    "scrapy.extensions.corestats.CoreStats": 0,
    "scrapy.extensions.logcount.LogCount": 0,
    "scrapy.extensions.logstats.LogStats": 0,
}

# --- The pages for people, where the API is broken. Read by FallbackMiddleware and ReadingMiddleware
FALLBACK_ENABLED = True  # where the API is broken, ask the pages for people, as far as their robots.txt allows
FALLBACK_PROBE_SECONDS = 300.0  # until an API that is down is tried again; then after twice as long, up to 1 h

# --- A site that cannot be reached from here at all. Read by NetworkMiddleware
SITE_AWAY_START_SECONDS = 10.0  # where neither host has answered yet: then the crawl ends, exit code 1
SITE_AWAY_MAX_SECONDS = 3600.0  # where neither can be reached any more: it waits so long, then ends and can be resumed

# --- The page cache that all workers share. Read by RedisCacheMiddleware and StrictDownloader
CACHE_ENABLED = True  # look there before the site is asked
CACHE_TTL_LIST_SECONDS = 6 * 3600  # age up to which a list is not asked for again (6 h): rankings change within a day
CACHE_TTL_STORE_SECONDS = 7 * 24 * 3600  # the same for a store page (7 days): a list row tells when a store has changed
CACHE_TTL_ROBOTS_SECONDS = 24 * 3600  # the same for robots.txt (24 h), as long as RFC 9309 allows
CACHE_TTL_PERMANENT_SECONDS = 24 * 3600  # the same for "there is no such store" (24 h)
CACHE_STALE_IF_ERROR_SECONDS = 0  # for so long beyond its age a page stands in for an error of the site; 0 = never
CACHE_MAX_VALUE_BYTES = 4 * 1024 * 1024  # larger pages are not kept; a list has 100 kB
CACHE_ANSWER_SECONDS = 1.0  # a cache that takes longer is away, and the site is asked; a busy machine needs more
CACHE_LEASE_SECONDS = 10.0  # a worker that dies while it fetches a page holds up others that want it so long at most
CACHE_MAX_WAITING_MISSES = 16  # requests of a worker that wait for the site while others are answered from the cache

# --- The way to the site
ROBOTSTXT_OBEY = True  # what robots.txt forbids is not asked for; Scrapy's default is False
ROBOTSTXT_USER_AGENT = "refillspot"  # whose rules in robots.txt are ours
USER_AGENT = "refillspot/0.1"  # what the crawler calls itself
USER_AGENT_ROTATION_ENABLED = False  # True: instead of it a browser's name of fake-useragent, one a worker and hour
CONCURRENT_REQUESTS = 64  # requests under way at once, for each worker, at most
CONCURRENT_REQUESTS_PER_DOMAIN = 64  # keep it equal, so that a request with a permit never waits behind another
CONCURRENCY_ADAPTIVE_ENABLED = True  # find out how many bring more answers; False: as many as the two above allow
# How many it begins with: enough for 40 requests/s at 0.4 s, and for a worker whose processor is the limit
CONCURRENCY_START = 16
DOWNLOADER = "refillspot.downloader.StrictDownloader"  # Scrapy's own lets the limit per domain pass
# Further attempts of a request that failed; Scrapy's default, 2, is short for a site that is away for a moment
RETRY_TIMES = 3
# Answers after which a request is tried again; Scrapy's default is without 403 and 425, which may pass
RETRY_HTTP_CODES = [403, 408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524]
RETRY_BACKOFF_SECONDS = 5.0  # before the first of them; three times as long before each further one
DEFAULT_REQUEST_HEADERS = {"Accept": "application/json", "Accept-Language": "ko"}  # answers in Korean

# --- Safety. Scrapy's defaults are open where a crawler that runs unattended should be closed
REMOTE_CONTROL_ENABLED = False  # runs Python that is posted to it
TELNETCONSOLE_ENABLED = False  # a Python console on a port
DOWNLOAD_VERIFY_CERTIFICATES = True  # the default accepts anybody's certificate
DOWNLOAD_MAXSIZE = 8 * 1024 * 1024  # bytes of an answer; a list page has 100 kB, the default allows 1 GiB
DOWNLOAD_WARNSIZE = 2 * 1024 * 1024  # bytes of an answer from which on the log says so
DOWNLOAD_TIMEOUT = 30  # seconds; the site answers in 0.4 s, the default waits 180 s
DOWNLOAD_HANDLERS = {"data": None, "file": None, "ftp": None, "s3": None}  # http and https only
COOKIES_ENABLED = False  # the API needs none, and a visitor without cookies is not followed
REDIRECT_MAX_TIMES = 3  # the API does not redirect; 20 would be a loop
REFERRER_POLICY = "no-referrer"  # a request of the API has no page that it comes from

# --- Speed
CONCURRENT_ITEMS = 8  # for each response; a store page yields one item, 100 tasks for it halve the throughput
SCRAPER_SLOT_MAX_ACTIVE_SIZE = 100_000_000  # bytes of answers whose stores may wait for a commit; 5 MB would throttle
# New objects between two looks for cycles of garbage; 0 = as often as Python does by itself, every 700, which takes a
# tenth of a worker's time
GC_THRESHOLD_OBJECTS = 20_000
HTTPPROXY_ENABLED = bool(getproxies())  # where the environment names no proxy there is nothing to do for a request
WARN_ON_GENERATOR_RETURN_VALUE = False  # mypy sees a callback that returns what nobody reads; here it costs each start

# --- The queue. Read by the scheduler, docs/adr/0007
SCHEDULER = "refillspot.frontier.scheduler.Scheduler"  # scrapy-redis' own: refillspot.performance.stock.StockScheduler
# An interrupted crawl can be resumed. False: the keys of a complete crawl go at once, not after a week, dead letters
# excepted
SCHEDULER_PERSIST = True
CRAWL_STATS = [  # stats that are counted over all workers
    "early_stop/lists",
    "early_stop/lists_unread",
    "early_stop/pages",
    "early_stop/unread",
    "diningcode/rows_broken",
    "diningcode/queries_full",
    "fallback/stores",
    "fallback/lists",
]
FRONTIER_LEASE_SECONDS = 30.0  # a worker without a sign of life for so long loses its requests to others
# Requests leased ahead of their turn; 0 = twice as many as may be under way, or what a quarter of a second takes
FRONTIER_PREFETCH = 0
# Requests of a worker under way at once, those included whose stores wait for PostgreSQL; twice a commit, so that pages
# arrive during one
FRONTIER_MAX_IN_HAND = 2000
# Workers that may die with a request before it is a dead letter; from the third on it runs alone
FRONTIER_MAX_ATTEMPTS = 5
SCHEDULER_SERIALIZER = "refillspot.frontier.codec"  # scrapy-redis' default is pickle, which runs what it reads
DUPEFILTER_CLASS = "scrapy_redis.dupefilter.RFPDupeFilter"  # of scrapy-redis' own scheduler; ours needs none
REDIS_KEY_PREFIX = "refillspot"  # start of every key in Redis: `<prefix>:<crawl>:<what>`

# --- Workers. Read by the extensions and by `scrapy fleet`
EXTENSIONS = {
    "refillspot.extensions.adaptive_concurrency.AdaptiveConcurrency": 0,
    "refillspot.extensions.early_stop.EarlyStop": 0,
    "refillspot.extensions.feeds.StoreFeeds": 0,  # Scrapy's FeedExporter would write what only this crawl reads, too
    "refillspot.extensions.feeds.StoreLimits": 0,  # Scrapy's CloseSpider would count that
    "refillspot.extensions.garbage_collection.GarbageCollection": 0,
    "refillspot.extensions.heartbeat.Heartbeat": 0,
    "refillspot.extensions.json_log.JsonLog": 0,
    "refillspot.extensions.memory_guard.MemoryGuard": 0,
    "refillspot.extensions.notify.Notify": 0,
    "refillspot.extensions.process_use.ProcessUse": 0,
    "refillspot.extensions.quality_watch.QualityWatch": 0,
    "refillspot.extensions.site_answers.SiteAnswers": 0,
    "refillspot.extensions.reading.Reading": 0,
}
# A crawl of whose first lists, or store pages, more than half cannot be used, or none of five, ends with 4, as does one
# that robots.txt forbids; it can be resumed (docs/site-changed.md). 0 = never
EARLY_STOP_PAGES = 20
# MiB of resident memory; a worker beyond it ends with 75, and can be resumed. A fleet sets its share
WORKER_MAX_MEMORY_MB = 2048
MEMORY_CHECK_SECONDS = 5.0  # between looks at it
# Between the stats that a worker publishes, less than 20; 0 = none, so that neither `scrapy top` nor `scrapy stats` has
# anything to show
HEARTBEAT_SECONDS = 5.0
FLEET_WORKERS = "auto"  # or a number: workers of `scrapy fleet` without `-n`
FLEET_MAX_MEMORY_MB = 2048  # MiB for all workers of a fleet together, and the fleet itself
# Port of 127.0.0.1 on which a fleet serves `/metrics` for Prometheus; 0 = one that is free, empty = none
METRICS_PORT = ""

# --- Feeds (`-o`, `-O`, FEEDS). Read by StoreFeeds
FEED_EXPORT_ENCODING = "utf-8"  # Scrapy's default writes Korean in JSON as \uXXXX; `utf-8-sig` for CSV in Excel
# {format: exporter}: Scrapy's own write a store as the table has it
FEED_EXPORTERS_BASE = {
    "csv": "refillspot.extensions.feeds.CsvFeed",
    "jl": "refillspot.extensions.feeds.JsonLinesFeed",
    "json": "refillspot.extensions.feeds.JsonFeed",
    "jsonl": "refillspot.extensions.feeds.JsonLinesFeed",
    "jsonlines": "refillspot.extensions.feeds.JsonLinesFeed",
    "marshal": "refillspot.extensions.feeds.MarshalFeed",
    "pickle": "refillspot.extensions.feeds.PickleFeed",
    "xml": "refillspot.extensions.feeds.XmlFeed",
}

# --- The quality gate, docs/adr/0038
GATE_ENABLED = True  # a crawl is judged as it ends, and shown only then; False: what it finds is shown at once

# --- By how much a crawl may differ from those before it, docs/adr/0039; beyond what chance explains
GATE_STORES_LOST = 0.3  # of the all-you-can-eat stores of a district
GATE_CITY_LOST = 0.15  # of those of all districts together
GATE_FIELD_LOST = 0.25  # of the pages that say something: hours, a menu, a phone number …; of the verdicts
GATE_PAGES_FOR_PEOPLE = 0.5  # so many more of the store pages than usual are those for people
GATE_MOVED = 0.6  # so many more of the prices, or of the opening hours, than usual are others
GATE_MENUS_HALVED = 0.3  # so many more menus than usual have lost half of their lines
GATE_ERRORS = 0.3  # so many more answers than usual are an error of one kind
GATE_ODD = 0.3  # so many more answers than usual have one part that is not as known
# Store pages of all workers between two looks at what they say: a crawl in which a field falls silent stops, and can be
# resumed (docs/site-changed.md); 0 = never
GATE_CHECK_PAGES = 200

# --- Storage. Read by the pipeline
ITEM_PIPELINES = {
    "refillspot.pipelines.QueryYieldPipeline": 200,
    "refillspot.pipelines.PostgresCopyPipeline": 300,
}
POSTGRES_COPY_MAX_ROWS = 1000  # stores in one commit
POSTGRES_COPY_MAX_SECONDS = 2.0  # a store waits at most this long for its commit
# Age of the last backup from which on `scrapy doctor` warns of it (48 h); 0 = backups are made by somebody else
BACKUP_MAX_AGE_SECONDS = 48 * 3600
# How often a crawl is to be completed: 24 = daily; `scrapy doctor` tells of one that is late by half as much. 0 = when
# somebody likes; `auto` = daily, where it was so on five of seven days, and then it is a warning only
SCHEDULE_EVERY_HOURS = "auto"
POSTGRES_TIMEOUT_SECONDS = 60.0  # a commit that takes longer is given up and tried again: its connection is dead

# By which the product's clock is ahead, to move it together with a replica's; 0 in earnest
CLOCK_OFFSET_SECONDS = 0

# --- Log

# `DEBUG` prints a line a request. Unless one is given, with -L or -s, a plain `scrapy crawl` logs to a file of its own
# in `.refillspot/logs`, and prints what matters
LOG_LEVEL = "INFO"
LOG_VERSIONS = ()  # whose versions Scrapy names in the log; with `DEBUG` all that matter are named
LOG_FORMATTER = "refillspot.log_formatter.BriefLogFormatter"  # makes no line that nobody reads
LOG_SHORT_NAMES = False  # True: a line says only which package it is of
# A path, to which `scrapy crawl` appends its log as JSON lines; a fleet writes one a worker by itself
LOG_JSON_FILE = ""
