import '../page/main.js'
